// Fields that are asked for again, and codes made from names. Without this file forms still read and send.
(() => {
  // --- what was typed or ticked while fields were asked for again is put into those that come ------------------------
  // On the part that is replaced: `data-pm-typed`. Fields are known by their name, boxes by their name and value.
  const stateOf = (part) => new Map([...part.querySelectorAll("input, select, textarea")].filter(({ name }) => name).map((field) =>
    ["checkbox", "radio"].includes(field.type) ? [`${field.name}=${field.value}`, field.checked] : [field.name, field.value]));
  const asked = new WeakMap(); // request -> what stood in the fields when it was sent
  const typed = new WeakMap(); // request -> what was typed since, and where the cursor stands
  const ofTyped = (act) => ({ detail: { target, xhr } }) => target?.matches?.("[data-pm-typed]") && act(target, xhr);
  document.addEventListener("htmx:beforeRequest", ofTyped((part, xhr) => asked.set(xhr, stateOf(part))));
  document.addEventListener("htmx:beforeSwap", ofTyped((part, xhr) => {
    const before = asked.get(xhr), { activeElement: at } = document;
    const since = [...stateOf(part)].filter(([key, state]) => before?.has(key) && before.get(key) !== state);
    typed.set(xhr, [new Map(since), part.contains(at) && at.selectionStart != null && [at.id, at.selectionStart, at.selectionEnd]]);
  }));
  document.addEventListener("htmx:afterSwap", ofTyped((part, xhr) => {
    const [since, cursor] = typed.get(xhr) ?? [new Map()];
    for (const field of part.querySelectorAll("input, select, textarea")) {
      const box = since.get(`${field.name}=${field.value}`), text = since.get(field.name);
      if (typeof box === "boolean") field.checked = box;
      else if (typeof text === "string" && (field.type !== "select-one" || [...field.options].some(({ value }) => value === text))) field.value = text;
    }
    if (cursor) document.getElementById(cursor[0])?.setSelectionRange?.(cursor[1], cursor[2]);
  }));

  // --- a code is made from the name beside it until somebody writes another: `data-pm-code`, as doors/codes.py does it --
  const letters = { ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", ı: "i" };
  const proposed = (name, sign, longest) => {
    const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[ßæœøłđðþı]/g, (letter) => letters[letter]);
    const parts = plain.split(/[^a-z0-9]+/).filter(Boolean), code = parts.join(sign);
    const cut = (sign === "_" && /^\d/.test(code) ? sign + code : code).slice(0, longest > 0 ? longest : undefined);
    return cut.endsWith(sign) ? cut.slice(0, -1) : cut;
  };
  document.addEventListener("input", ({ target }) => {
    if (target.matches("[data-pm-code]")) target.dataset.pmOwn = target.value;
    const code = target.form?.querySelector("[data-pm-code]");
    if (!code || code.dataset.pmCodeOf !== target.name || code.dataset.pmOwn) return;
    const of = (name) => proposed(name, code.dataset.pmCode, code.maxLength);
    if (!code.defaultValue || code.defaultValue === of(target.defaultValue)) code.value = of(target.value);
  });

  // --- what was proposed in a field is no proposal for another choice: `data-pm-empty-for="name=value"` -----------------
  document.addEventListener("change", ({ target }) => {
    const field = target.form?.querySelector("[data-pm-empty-for]");
    if (field?.dataset.pmEmptyFor !== `${target.name}=${target.value}`) return;
    if (field.selectedOptions[0]?.defaultSelected) field.value = "";
  });
})();
