"use strict";
(() => {
  const root = document.documentElement;
  const words = JSON.parse(document.getElementById("words").textContent);
  const items = [...document.querySelectorAll(".item")];
  const texts = items.map((item) => item.textContent.toLocaleLowerCase() + " " + item.dataset.find);
  const search = document.getElementById("search");
  const told = document.getElementById("told");
  const parts = [...document.querySelectorAll("section.part")];
  let ui = root.lang;

  function find() {
    const asked = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    items.forEach((item, place) => {
      const here = asked.every((word) => texts[place].includes(word));
      item.classList.toggle("gone", !here);
      count += here;
    });
    parts.forEach((part) => part.classList.toggle("gone", !part.querySelector(".item:not(.gone)")));
    told.textContent = count ? `${count} ${words.found[ui]}` : words.none_found[ui];
  }

  function show(language) {
    root.dataset.show = language;
    ui = language === "all" ? root.dataset.source : language in words.found ? language : "en";
    root.lang = ui;
    document.querySelectorAll("[data-l]").forEach((one) => one.classList.toggle("on", one.dataset.l === language));
    document.querySelectorAll("[data-w]").forEach((one) => {
      one.textContent = words[one.dataset.w][ui];
    });
    find();
  }

  search.addEventListener("input", find);
  document.querySelectorAll("input[name=show]").forEach((one) => {
    one.addEventListener("change", () => show(one.value));
  });
  document.querySelectorAll("[data-script]").forEach((one) => one.removeAttribute("hidden"));
  show("all");
})();
