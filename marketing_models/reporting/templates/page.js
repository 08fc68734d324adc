"use strict";
for (const drawing of document.querySelectorAll("figure svg")) {
  const marks = [...drawing.querySelectorAll("[aria-label]")];
  if (!marks.length) continue;
  const figure = drawing.parentElement, tip = figure.appendChild(document.createElement("output"));
  let here = -1;
  const show = place => {
    marks[here]?.classList.remove("here");
    here = place;
    tip.hidden = here < 0;
    if (tip.hidden) return;
    marks[here].classList.add("here");
    tip.textContent = marks[here].getAttribute("aria-label");
    const mark = marks[here].getBoundingClientRect(), frame = figure.getBoundingClientRect();
    const left = mark.left + mark.width / 2 - frame.left - tip.offsetWidth / 2;
    tip.style.left = `${Math.max(0, Math.min(frame.width - tip.offsetWidth, left))}px`;
    tip.style.top = `${mark.top - frame.top - tip.offsetHeight - 2}px`;
  };
  show(-1);
  drawing.tabIndex = 0;
  drawing.onpointermove = drawing.onpointerdown = event => show(marks.indexOf(event.target));
  drawing.onpointerleave = event => event.pointerType === "mouse" && show(-1);
  drawing.onfocus = () => drawing.matches(":focus-visible") && show(0);
  drawing.onblur = () => show(-1);
  drawing.onkeydown = event => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") show(-1);
    if (!step) return;
    event.preventDefault();
    show(Math.max(0, Math.min(marks.length - 1, here + step)));
  };
}
