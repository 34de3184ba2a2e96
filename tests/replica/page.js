// Loads more rows as the window is scrolled, and draws them from the page's own templates.
(() => {
  const setup = JSON.parse(document.getElementById("list-setup").textContent);
  const list = document.getElementById(setup.list);
  let loader = document.getElementById(setup.loader);
  let next = setup.next;
  let loading = false;
  let failed = false; // until the next scroll
  const drawn = setup.rows; // markup of every row, kept only where the list is virtual

  const escaped = (text) => String(text ?? "").replace(/[&<>"']/g,
    (char) => ({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})[char]);
  const filled = (template, values) => template.replace(/\{(\w+)\}/g,
    (_, name) => name === "mark" || name === "style" ? values[name] : escaped(values[name]));
  const stars = (value) =>
    setup.whole && value % 2 === 0 ? String(value / 2) : (value / 2).toFixed(1);

  const mark = (action) => {
    if (action && action.status === "wish") return setup.marks.wish;
    if (!action || !action.rating) return "";
    return setup.marks.rated.replace("{stars}", stars(action.rating))
      .replace("{percent}", action.rating * 10);
  };
  const row = (item, place) => {
    const style = setup.virtual
      ? `position:absolute;left:0;right:0;top:${place * setup.height}px;height:${setup.height}px`
      : `height:${setup.height}px`;
    const common = {style, mark: mark(item.user_content_action)};
    return filled(setup.row, item.content
      ? {...common, title: item.content.title, href: `/ko-KR/contents/${item.content.code}`}
      : {...common, nickname: item.user.name, user: `/ko-KR/users/${item.user.code}`,
         body: item.text, href: `/ko-KR/comments/${item.code}`, likes_number: item.likes_count});
  };

  let shown = "";
  const draw = () => {
    list.style.height = `${drawn.length * setup.height}px`;
    const top = window.scrollY - list.offsetTop;
    const middle = Math.floor((top + window.innerHeight / 2) / setup.height);
    const first = Math.max(0, Math.min(middle - 9, drawn.length - 18));
    const now = `${first} ${Math.min(first + 18, drawn.length)}`;
    if (now === shown) return;
    shown = now;
    list.innerHTML = drawn.slice(first, first + 18).join("");
  };

  const inView = () => {
    const box = loader.getBoundingClientRect();
    return box.top < window.innerHeight && box.bottom > 0;
  };
  const finish = () => {
    loader.remove();
    loader = null;
  };
  const wall = () => {
    const sign = document.createElement("div");
    sign.innerHTML = setup.wall;
    loader.replaceWith(sign.firstElementChild);
    loader = null;
  };

  const load = async () => {
    if (!loader || loading || failed || !inView()) return;
    loading = failed = true;
    try {
      const response = await fetch(next, {headers: {
        "x-frograms-client": "Galaxy-Web-App",
        "x-frograms-app-code": "Galaxy",
        "x-frograms-version": "2.1.0",
      }});
      if (response.status === 401) return wall();
      if (!response.ok) return;
      const {result} = await response.json();
      if (setup.virtual) {
        for (const item of result.result) drawn.push(row(item, drawn.length));
        draw();
      } else {
        const rows = result.result.map((item) => row(item, 0)).join("");
        // The loader is the last child of the list.
        loader.insertAdjacentHTML("beforebegin", rows);
      }
      next = result.next_uri;
      failed = false;
      if (!next) finish();
    } catch {
      // Blocked, cut or refused: the loader stays, and the next scroll tries again.
    } finally {
      loading = false;
    }
    load();
  };

  if (setup.virtual) {
    draw();
    window.addEventListener("scroll", draw, {passive: true});
  }
  if (loader) {
    window.addEventListener("scroll", () => {
      failed = false;
      load();
    }, {passive: true});
    new IntersectionObserver((seen) => {
      if (seen.some((entry) => entry.isIntersecting)) load();
    }).observe(loader);
  }
})();
