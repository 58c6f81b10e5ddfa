// Draws the Vega-Lite pictures of a dashboard: expressions are interpreted, never compiled, and nothing is fetched.
for (const block of document.querySelectorAll(".vega")) {
  const { spec, data, rows } = JSON.parse(block.nextElementSibling.textContent);
  const style = getComputedStyle(document.body);
  const soft = getComputedStyle(block.closest("figure")).getPropertyValue("color") || style.color;
  const probe = document.createElement("i");
  block.append(probe);
  const colours = Array.from({ length: 8 }, (_, number) => {
    probe.className = `k-probe k${number}`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  const config = {
    range: { category: colours },
    mark: { color: colours[0] },
    background: "transparent",
    font: style.fontFamily,
    axis: { labelFontSize: 12, titleFontSize: 12, labelColor: soft, titleColor: soft, gridOpacity: 0.25, gridColor: soft, tickColor: soft, domainColor: soft },
    legend: { labelColor: soft, titleColor: soft },
    title: { color: soft },
    view: { stroke: null },
  };
  const sized = { width: Math.max(240, block.clientWidth - 90), height: 260, ...spec };
  delete sized.title;
  const compiled = vegaLite.compile({ ...sized, data: { name: data } }, { config }).spec;
  const refuse = { load: () => Promise.reject(new Error("nothing is fetched")), sanitize: () => Promise.reject(new Error("no links")) };
  const runtime = vega.parse(compiled, null, { ast: true });
  new vega.View(runtime, { expr: vega.expressionInterpreter, renderer: "canvas", container: block, loader: refuse, hover: true })
    .data(data, rows)
    .runAsync()
    .catch((error) => (block.textContent = `This picture cannot be drawn: ${error.message}`));
}
