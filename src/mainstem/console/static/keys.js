// Keys, search and colours; every page works without.
const root = document.documentElement;
const find = document.getElementById("find");
const keys = document.getElementById("keys");
const theme = document.getElementById("theme");
const themeName = document.getElementById("theme-name");
const order = ["auto", "light", "dark"];

function showTheme() {
  themeName.textContent = root.dataset.theme ?? "auto";
}

function turnTheme() {
  const next = order[(order.indexOf(root.dataset.theme ?? "auto") + 1) % order.length];
  if (next === "auto") {
    delete root.dataset.theme;
    localStorage.removeItem("theme");
  } else {
    root.dataset.theme = next;
    localStorage.setItem("theme", next);
  }
  showTheme();
}

theme.hidden = false;
theme.addEventListener("click", turnTheme);
showTheme();

const help = document.getElementById("help");
help.hidden = false;
help.addEventListener("click", () => keys.showModal());

// Search: a list below the field, chosen with the arrows.
const found = document.createElement("ul");
found.className = "found";
found.id = "found";
found.setAttribute("role", "listbox");
found.setAttribute("aria-label", "Found");
found.hidden = true;
find.form.append(found);
find.setAttribute("role", "combobox");
find.setAttribute("aria-controls", "found");
find.setAttribute("aria-expanded", "false");
let things = null;
let at = -1;

async function load() {
  things ??= fetch("/search.json").then((answer) => answer.json()).then((answer) => answer.things);
  return things;
}

function mark(position) {
  at = position;
  [...found.children].forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
  if (at >= 0) find.setAttribute("aria-activedescendant", `found-${at}`);
  else find.removeAttribute("aria-activedescendant");
}

function close() {
  found.hidden = true;
  find.setAttribute("aria-expanded", "false");
  mark(-1);
}

async function search() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return close();
  const all = await load();
  const fits = all.filter((each) => words.every((word) => `${each.name} ${each.title}`.toLowerCase().includes(word)));
  found.replaceChildren(
    ...fits.slice(0, 9).map((each, number) => {
      const item = document.createElement("li");
      item.setAttribute("role", "option");
      item.id = `found-${number}`;
      const title = document.createElement("b");
      title.textContent = each.title || each.name;
      const small = document.createElement("small");
      small.textContent = each.title && each.title !== each.name ? `${each.kind} · ${each.name}` : each.kind;
      item.append(title, small);
      item.addEventListener("mousedown", () => location.assign(each.address));
      item.dataset.address = each.address;
      return item;
    }),
  );
  found.hidden = fits.length === 0;
  find.setAttribute("aria-expanded", String(fits.length > 0));
  mark(fits.length ? 0 : -1);
}

find.addEventListener("focus", load);
find.addEventListener("input", search);
find.addEventListener("blur", close);
find.addEventListener("keydown", (event) => {
  const count = found.hidden ? 0 : found.children.length;
  if (event.key === "ArrowDown" && count) mark((at + 1) % count);
  else if (event.key === "ArrowUp" && count) mark((at + count - 1) % count);
  else if (event.key === "Enter" && count && at >= 0) location.assign(found.children[at].dataset.address);
  else if (event.key === "Escape") {
    close();
    find.blur();
    return;
  } else return;
  event.preventDefault();
});

// One letter each; `g` waits for the letter of a page.
let waits = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]") || keys.open) return;
  if (waits) {
    waits = false;
    const link = document.querySelector(`nav a[data-key="${CSS.escape(event.key)}"]`);
    if (link) location.assign(link.href);
    return;
  }
  if (event.key === "/") find.focus();
  else if (event.key === "?") keys.showModal();
  else if (event.key === "t") turnTheme();
  else if (event.key === "g") {
    waits = true;
    setTimeout(() => (waits = false), 1500);
  } else if (event.key === "j" || event.key === "k") {
    const rows = [...document.querySelectorAll("a.row, .rows a")];
    const now = rows.indexOf(document.activeElement);
    rows[Math.max(0, Math.min(rows.length - 1, now + (event.key === "j" ? 1 : -1)))]?.focus();
  } else return;
  event.preventDefault();
});
