// Lights up what a node rests on and what rests on it.
for (const map of document.querySelectorAll(".map")) {
  const nodes = new Map([...map.querySelectorAll(".node")].map((node) => [node.dataset.id, node]));
  const edges = [...map.querySelectorAll(".edge")];
  const lead = (id, here, there, seen = new Set()) => {
    for (const edge of edges) {
      if (edge.dataset[here] !== id || seen.has(edge)) continue;
      seen.add(edge);
      lead(edge.dataset[there], here, there, seen);
    }
    return seen;
  };
  const light = (id) => {
    const on = [...lead(id, "from", "to"), ...lead(id, "to", "from")];
    nodes.get(id).classList.add("on");
    for (const edge of on) {
      edge.classList.add("on");
      nodes.get(edge.dataset.from)?.classList.add("on");
      nodes.get(edge.dataset.to)?.classList.add("on");
    }
    map.classList.add("lit");
  };
  const dark = () => {
    map.classList.remove("lit");
    for (const each of map.querySelectorAll(".on")) each.classList.remove("on");
  };
  for (const [id, node] of nodes) {
    for (const begin of ["mouseenter", "focusin"]) node.addEventListener(begin, () => (dark(), light(id)));
    for (const end of ["mouseleave", "focusout"]) node.addEventListener(end, dark);
  }
}
