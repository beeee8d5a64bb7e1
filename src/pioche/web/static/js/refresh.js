// A part of the page that changes while one looks: `<div data-refresh="address of the part">`. It asks until the part
// comes without that attribute; then the page is loaded once more, so that all of it tells the end. What is in
// `<template data-into="id">` goes to the element of that id, elsewhere in the page.
const PAUSE = 1500;

export function refresh(part, enhance) {
  setTimeout(async () => {
    if (document.hidden) {
      refresh(part, enhance);
      return;
    }
    const next = await load(part.dataset.refresh);
    if (next && !next.dataset.refresh) {
      location.reload();
      return;
    }
    if (next) {
      keepOpen(part, next);
      keepFocus(part, next);
      fillOthers(next);
      enhance(next);
    }
    refresh(next ?? part, enhance);
  }, PAUSE);
}

async function load(address) {
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" } });
    if (!answer.ok) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return page.body.firstElementChild;
  } catch {
    return null; // the hub is being restarted: it is asked again
  }
}

function keepOpen(part, next) {
  for (const details of next.querySelectorAll("details[data-keep]")) {
    details.open = part.querySelector(`details[data-keep="${details.dataset.keep}"]`)?.open ?? false;
  }
}

function fillOthers(next) {
  for (const piece of next.querySelectorAll("template[data-into]")) {
    document.getElementById(piece.dataset.into)?.replaceChildren(piece.content.cloneNode(true));
  }
}

function keepFocus(part, next) {
  const places = (root) => [...root.querySelectorAll("a, button, summary, pre, [tabindex]")];
  const at = places(part).indexOf(document.activeElement);
  part.replaceWith(next);
  if (at >= 0) places(next)[at]?.focus();
}
