(() => {
  const shown = /*version*/ 0;
  const box = document.createElement("div");
  box.setAttribute("role", "alert");
  box.style.cssText = "position:fixed;inset:auto 0 0 0;z-index:9999;max-height:50vh;overflow:auto;padding:.8rem 1.2rem;" +
    "background:#fff;color:#111;border-top:4px solid #a4001d;font:15px/1.5 system-ui,sans-serif;box-shadow:0 -2px 12px #0004";
  const line = (text, style) => {
    if (!text) return;
    const one = document.createElement("p");
    one.textContent = text;
    one.style.cssText = "margin:.2rem 0;white-space:pre-wrap;" + style;
    box.append(one);
  };
  const tell = (fault) => {
    box.replaceChildren();
    box.remove();
    if (!fault) return;
    line(fault.what, "font-weight:bold");
    line(fault.where, "font-family:monospace");
    line(fault.found, "");
    line(fault.fix, "");
    line(fault.stays, "color:#444");
    document.body.append(box);
  };
  const source = new EventSource("/_preview/events");
  source.onmessage = (event) => {
    const told = JSON.parse(event.data);
    if (told.version !== shown) location.reload();
    else tell(told.fault);
  };
  addEventListener("pagehide", () => source.close());
})();
