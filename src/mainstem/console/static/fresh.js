// What htmx asks for by itself: not while nobody looks, nor while somebody marks words there; and a server that is gone is told.
const away = document.getElementById("away");
document.addEventListener("htmx:beforeRequest", (event) => {
  const isMarking = !document.getSelection().isCollapsed;
  if (event.target.id === "live" && (document.hidden || isMarking)) event.preventDefault();
});
document.addEventListener("htmx:sendError", () => {
  away.textContent = "The server does not answer. This is how things stood.";
});
document.addEventListener("htmx:afterOnLoad", () => (away.textContent = ""));
