"""`python -m mainstem`."""


def main() -> None:
    """The command line's entry point."""
    from mainstem.cli.app import run

    run()


if __name__ == "__main__":
    main()
