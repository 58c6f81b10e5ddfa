"""Words that made rows are written with; none of them is anybody's."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


WORDS: tuple[str, ...] = _words(
    "amber anchor arrow autumn basin beacon birch border bridge brook canyon carbon cedar cliff cloud cobalt copper "
    "coral crater crystal delta dune ember fable falcon fern field fjord flint forest garnet glacier granite grove "
    "harbor hazel horizon island ivory jasper juniper lagoon lantern linen maple marble meadow mesa mist moss nectar "
    "oak ocean onyx orchard pebble pine prairie quartz raven reef ridge river saffron sage shore silver slate spruce "
    "stone summit tide timber valley velvet violet willow winter"
)
FIRST_NAMES: tuple[str, ...] = _words(
    "Ada Ahmed Aiko Alma Amara Anders Anna Arun Astrid Beatriz Bo Carla Chen Clara Daniel Diego Elena Emil Farah Felix "
    "Grace Hana Hugo Ibrahim Ines Ivan Jana Jonas Julia Kaia Karim Lars Leila Liam Lina Luca Maya Mei Milan Nadia Nina "
    "Noah Olga Omar Paula Priya Rafael Rosa Samir Sara Selma Sofia Tariq Tomas Vera Yara Yusuf Zoe"
)
LAST_NAMES: tuple[str, ...] = _words(
    "Abbas Almeida Andersen Bauer Berg Bianchi Castro Chandra Costa Demir Dubois Eriksen Ferrari Fischer Garcia Gomez "
    "Haddad Hansen Ito Ivanov Jansen Johansson Kaya Keller Khan Kim Kowalski Larsen Lopez Marino Meyer Moreau Nguyen "
    "Novak Okafor Olsen Park Patel Petrov Popescu Rao Rossi Sato Schmidt Silva Singh Suzuki Tanaka Torres Weber Yilmaz "
    "Zhang"
)
CITIES: tuple[str, ...] = _words(
    "Accra Bergen Bogota Cairo Chennai Dakar Dublin Ghent Hamburg Hanoi Helsinki Izmir Kyoto Lagos Lima Lisbon Lyon "
    "Malmo Montreal Nairobi Oslo Porto Prague Quito Riga Seoul Turin Utrecht Vienna Zagreb"
)
COUNTRIES: tuple[str, ...] = _words(
    "AT BE BR CA CH CL CO CZ DE DK EG ES FI FR GB GH IE IN IT JP KE KR MX NG NL NO PE PL PT SE TR US VN ZA"
)
COMPANY_ENDINGS: tuple[str, ...] = ("Works", "Systems", "Trading", "Logistics", "Foods", "Labs")
