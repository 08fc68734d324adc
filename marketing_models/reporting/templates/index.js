
"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], original = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, place) => {
    if (!head.dataset.sort) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    const of = row => {
      const { value, made } = row.cells[place].dataset;
      return value ?? made;
    };
    button.onclick = () => {
      const down = head.getAttribute("aria-sort") !== "descending";
      for (const other of heads) other.removeAttribute("aria-sort");
      const byNumber = head.dataset.sort === "number";
      table.classList.toggle("sorted", byNumber);
      if (byNumber) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const known = original.filter(row => of(row) !== undefined);
      const sorted = known.sort((a, b) => (down ? 1 : -1) * (of(b) - of(a)));
      body.append(...(byNumber ? [...sorted, ...original.filter(row => of(row) === undefined)] : original));
    };
  });
}

const box = document.querySelector("[role=search]");
if (box && window.siteSearch) {
  const { pages, units } = window.siteSearch, [input, status, list] = ["input", "p", "ul"].map(tag => box.querySelector(tag));
  const entries = units.flatMap(([code, name, held]) => [
    [`${code}/index`, `${name} ${code}`, ""],
    ...held.map(([page, headline]) => [`${code}/${pages[page][0]}`, `${name} ${code} ${pages[page][1]}`, headline]),
  ]);
  box.hidden = false;
  input.oninput = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = words.length ? entries.filter(([, title, headline]) => words.every(word => `${title} ${headline}`.toLowerCase().includes(word))) : [];
    status.textContent = words.length ? `${hits.length} ${status.dataset.found}${hits.length > 20 ? ` (${status.dataset.more} 20)` : ""}` : "";
    list.replaceChildren(...hits.slice(0, 20).map(([address, title, headline]) => {
      const item = document.createElement("li"), link = document.createElement("a");
      link.href = `${box.dataset.base}${address.split("/").map(encodeURIComponent).join("/")}.html`;
      link.textContent = title;
      item.append(link, ` ${headline}`);
      return item;
    }));
  };
  input.onkeydown = event => { if (event.key === "Enter") list.querySelector("a")?.click(); };
}

const choose = document.querySelector(".choose");
if (choose) {
  const select = choose.querySelector("select"), legends = [...document.querySelectorAll(".legend")];
  const shown = document.querySelector(".counties .measure");
  const heads = [...document.querySelectorAll(".units thead th")];
  const rows = new Map([...document.querySelectorAll(".units tbody tr")].map(row => [row.querySelector("a")?.getAttribute("href"), row]));
  choose.hidden = false;
  select.onchange = () => {
    const option = select.selectedOptions[0], legend = legends[select.selectedIndex];
    const place = heads.findIndex(head => head.dataset.measure === option.value);
    for (const other of legends) other.hidden = other !== legend;
    shown.textContent = option.textContent + (option.dataset.period ? ` · ${option.dataset.period}` : "");
    for (const tile of document.querySelectorAll(".map a, .map g")) {
      const row = rows.get(tile.getAttribute("href"));
      if (tile.dataset.q) tile.setAttribute("class", `q${tile.dataset.q[select.selectedIndex]}`);
      const amount = row?.cells[place].textContent, unit = /\d/.test(amount) ? legend.dataset.unit : "";
      if (row) tile.querySelector("title").textContent = `${row.cells[0].textContent}: ${amount} ${unit}`;
    }
  };
}
