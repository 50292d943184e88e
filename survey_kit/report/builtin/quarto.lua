--[[ The part of Quarto's meaning that pandoc does not have: conditional content, callouts, numbered figures and tables
with references to them, HTML tables in PDF, links between pages.

Reads its settings from the JSON file named by QMD_SETTINGS and writes what it saw (attributes, links, images,
references) to the file named there, so that the caller can refuse what it does not know. ]]

local stringify = pandoc.utils.stringify
local html = FORMAT:match("^html") ~= nil

local function read_json(path)
  local stream = assert(io.open(path, "r"))
  local text = stream:read("a")
  stream:close()
  return pandoc.json.decode(text, false)
end

local settings = read_json(os.getenv("QMD_SETTINGS"))
local labels = settings.labels
local seen = { elements = {}, raw = {}, links = {}, images = {}, cites = {}, ids = {}, headings = {}, stray = {}, math = 0 }

-- ------------------------------------------------------------------------------------------------ what stands here
local function remember(kind)
  return function(el)
    local attributes = {}
    for name, value in pairs(el.attributes) do attributes[#attributes + 1] = { name, value } end
    if el.identifier ~= "" or #el.classes > 0 or #attributes > 0 then
      table.insert(seen.elements,
        { kind = kind, id = el.identifier, classes = pandoc.List(el.classes), attributes = attributes })
    end
  end
end

local function survey(doc)
  local kinds = { "Div", "Span", "CodeBlock", "Code", "Image", "Table", "Header", "Link", "Figure" }
  local filter = {}
  for _, kind in ipairs(kinds) do filter[kind] = remember(kind) end
  filter.RawBlock = function(el) table.insert(seen.raw, { format = el.format, text = el.text }) end
  filter.RawInline = filter.RawBlock
  filter.Math = function() seen.math = seen.math + 1 end
  filter.Str = function(el)
    if el.text:match("^:::") or el.text:match("{{<") then table.insert(seen.stray, el.text) end
  end
  local header = filter.Header
  filter.Header = function(el)
    table.insert(seen.headings, { level = el.level, text = stringify(el.content) })
    header(el)
  end
  local inline_code = filter.Code
  filter.Code = function(el)
    if el.text:match("^{%w+}%s") then table.insert(seen.stray, el.text) end
    inline_code(el)
  end
  doc:walk(filter)
end

local function survey_visible(doc)
  doc:walk({
    Link = function(el) table.insert(seen.links, el.target) end,
    Image = function(el) table.insert(seen.images, { src = el.src, alt = el.attributes["fig-alt"] or el.attributes.alt or "",
      caption = stringify(el.caption) }) end,
    Cite = function(el) for _, one in ipairs(el.citations) do table.insert(seen.cites, one.id) end end,
    Block = function(el)
      if el.identifier and el.identifier ~= "" then table.insert(seen.ids, el.identifier) end
    end,
    Span = function(el) if el.identifier ~= "" then table.insert(seen.ids, el.identifier) end end,
  })
end

-- -------------------------------------------------------------------------------------------- conditional content
local function shown(el)
  local visible, hidden = el.classes:includes("content-visible"), el.classes:includes("content-hidden")
  if not (visible or hidden) then return nil end
  local here = html and "html" or "typst"
  local when, unless = el.attributes["when-format"], el.attributes["unless-format"]
  local met = (when == nil or when == here) and (unless == nil or unless ~= here)
  return met == visible
end

local function conditional(el)
  local show = shown(el)
  if show == nil then return nil end
  return show and el.content or {}
end

-- ------------------------------------------------------------------------------------------------------ for print
local function quoted(text) return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"') .. '"' end

local folder = pandoc.path.directory(PANDOC_SCRIPT_FILE)
local typst_table = assert(loadfile(pandoc.path.join({ folder, "tables.lua" })))(settings.print)

-- ----------------------------------------------------------------------------------------------- images and links
local function image(el)
  local alt = el.attributes["fig-alt"] or el.attributes.alt or stringify(el.caption)
  el.attributes["fig-alt"], el.attributes.alt = nil, nil
  if html then
    el.caption = { pandoc.Str(alt) }
    el.title = ""
    return el
  end
  local width = el.attributes.width and (", width: " .. el.attributes.width:gsub("px$", "pt")) or ""
  return pandoc.RawInline("typst", "#image(" .. quoted(el.src) .. ", alt: " .. quoted(alt) .. width .. ")")
end

local function link(ids)
  return function(el)
    if el.target:match("^%a[%w+.-]*:") then return nil end
    local page, anchor = el.target:match("^([^#]*)#?(.*)$")
    if not html then
      if anchor ~= "" and ids[anchor] then return pandoc.Link(el.content, "#" .. anchor) end
      return el.content
    end
    if page == "" then return nil end
    local output = settings.outputs[page]
    if output == "" then return el.content end
    if output then el.target = output .. (anchor ~= "" and ("#" .. anchor) or "") end
    return el
  end
end

-- ------------------------------------------------------------------------------------------------ figures and tables
local numbers, numbered = { fig = 0, tbl = 0 }, {}

local function kind_of(id) return id:match("^(fig)%-.") or id:match("^(tbl)%-.") end

local function number(el)
  local kind = kind_of(el.identifier)
  if not kind or numbered[el.identifier] then return end
  numbers[kind] = numbers[kind] + 1
  numbered[el.identifier] = labels[kind] .. "\u{a0}" .. numbers[kind]
end

local function number_all(doc)
  doc:walk({ traverse = "topdown", Figure = number, Div = number, Table = number, Image = number })
end

local function caption_inlines(id, inlines)
  local out = pandoc.Inlines({})
  if numbered[id] then
    local name = numbered[id]
    out:insert(pandoc.Str(#inlines > 0 and name .. ":" or name))
    if #inlines > 0 then out:insert(pandoc.Space()) end
  end
  out:extend(inlines)
  return out
end

local function float(id, kind, content, inlines)
  local caption, out = nil, pandoc.Blocks({})
  if html then
    caption = caption_inlines(id, inlines)
    local mark = id ~= "" and (' id="' .. id .. '"') or ""
    local name = id ~= "" and (' id="' .. id .. '-caption"') or ""
    local head, foot = "<figcaption" .. name .. ">", "</figcaption>"
    out:insert(pandoc.RawBlock("html", "<figure" .. mark .. ' class="quarto-float quarto-float-' .. kind .. '">'))
    local said = pandoc.Blocks({ pandoc.RawBlock("html", head), pandoc.Plain(caption), pandoc.RawBlock("html", foot) })
    if #caption == 0 then said = pandoc.Blocks({}) end
    if kind == "tbl" then out:extend(said) end
    out:extend(content)
    if kind == "fig" then out:extend(said) end
    out:insert(pandoc.RawBlock("html", "</figure>"))
    return out
  end
  out:insert(pandoc.RawBlock("typst", "#figure(["))
  out:extend(content)
  if #inlines > 0 or numbered[id] then
    local where = kind == "tbl" and "top" or "bottom"
    out:insert(pandoc.RawBlock("typst", "], caption: figure.caption(position: " .. where .. ", ["))
    out:insert(pandoc.Plain(inlines))
    out:insert(pandoc.RawBlock("typst", "]), "))
  else
    out:insert(pandoc.RawBlock("typst", "], "))
  end
  local numbering = numbered[id] and '"1"' or "none"
  local label = id ~= "" and (" <" .. id .. ">") or ""
  out:insert(pandoc.RawBlock("typst", 'kind: "quarto-float-' .. kind .. '", supplement: [' .. labels[kind]
    .. "], numbering: " .. numbering .. ")" .. label))
  return out
end

local function scrolling(id, block)
  local named = id ~= "" and { "aria-labelledby", id .. "-caption" } or { "aria-label", labels.tbl }
  return pandoc.Div({ block }, pandoc.Attr("", { "table-scroll" }, { { "role", "region" }, { "tabindex", "0" }, named }))
end

-- Tables of a block list, each set for print or put into a box that scrolls.
local function set_tables(blocks, id)
  return pandoc.Blocks(blocks):walk({
    traverse = "topdown",
    Table = function(el)
      if html then return scrolling(id, el), false end
      return typst_table(el), false
    end,
    RawBlock = function(el)
      if html and el.format == "html" and el.text:match("<table[%s>]") then return scrolling(id, el), false end
    end,
    Div = function(el)
      if el.classes:includes("table-scroll") then return el, false end
    end,
  })
end

local function figure(el)
  local content = el.content:walk({ Image = function(img) return image(img) end })
  local inlines = pandoc.utils.blocks_to_inlines(el.caption.long)
  return float(el.identifier, "fig", content, inlines), false
end

local function lone_image(el)
  local img = #el.content == 1 and el.content[1]
  if not img or img.t ~= "Image" or not kind_of(img.identifier) then return nil end
  local id = img.identifier
  img.identifier = ""
  return float(id, "fig", pandoc.Blocks({ pandoc.Plain({ image(img) }) }), pandoc.Inlines({})), false
end

local function float_div(el)
  local kind = kind_of(el.identifier)
  if not kind then return nil end
  local content, inlines = el.content, pandoc.Inlines({})
  local last = content[#content]
  if last and (last.t == "Para" or last.t == "Plain") and #content > 1 then
    inlines = last.content
    content:remove(#content)
  end
  content = set_tables(content, el.identifier):walk({ Image = function(img) return image(img) end })
  return float(el.identifier, kind, content, inlines), false
end

local function captioned_table(el)
  local inlines = pandoc.utils.blocks_to_inlines(el.caption.long)
  if #inlines == 0 and el.identifier == "" then return nil end
  local id = el.identifier
  el.caption.long, el.identifier = {}, ""
  return float(id, "tbl", set_tables({ el }, id), inlines), false
end

-- ------------------------------------------------------------------------------------------------------- callouts
local function callout(el)
  local kind = nil
  for _, name in ipairs(el.classes) do kind = kind or name:match("^callout%-(%a+)$") end
  if not kind then return nil end
  local title = pandoc.Inlines({ pandoc.Str(labels["callout-" .. kind] or kind) })
  local content = el.content
  if el.attributes.title then
    local read = pandoc.read(el.attributes.title, "markdown").blocks
    title = pandoc.utils.blocks_to_inlines(read)
  elseif content[1] and content[1].t == "Header" then
    title = content[1].content
    content:remove(1)
  end
  local out = pandoc.Blocks({})
  if html then
    local folded = el.attributes.collapse ~= nil
    local open = el.attributes.collapse == "false" and " open" or ""
    local mark = el.identifier ~= "" and (' id="' .. el.identifier .. '"') or ""
    local class = ' class="callout callout-' .. kind .. '"'
    out:insert(pandoc.RawBlock("html", folded and ("<details" .. mark .. class .. open .. ">")
      or ("<div" .. mark .. class .. ' role="note">')))
    out:insert(pandoc.RawBlock("html", folded and '<summary class="callout-title">' or '<p class="callout-title">'))
    out:insert(pandoc.Plain(title))
    out:insert(pandoc.RawBlock("html", folded and "</summary>" or "</p>"))
    out:insert(pandoc.RawBlock("html", '<div class="callout-body">'))
    out:extend(content)
    out:insert(pandoc.RawBlock("html", folded and "</div></details>" or "</div></div>"))
  else
    out:insert(pandoc.RawBlock("typst", "#callout(kind: " .. quoted(kind) .. ", title: ["))
    out:insert(pandoc.Plain(title))
    out:insert(pandoc.RawBlock("typst", "], ["))
    out:extend(content)
    out:insert(pandoc.RawBlock("typst", "])"))
  end
  return out
end

local function landscape(el)
  if not el.classes:includes("landscape") or html then return nil end
  el.content:insert(1, pandoc.RawBlock("typst", "#set page(flipped: true)"))
  el.content:insert(pandoc.RawBlock("typst", "#set page(flipped: false)"))
  return el.content
end

-- ------------------------------------------------------------------------------------------------------ references
local function reference(el)
  local out = pandoc.Inlines({})
  for i, one in ipairs(el.citations) do
    local name = numbered[one.id]
    if not name then return nil end
    if i > 1 then out:extend({ pandoc.Str(i == #el.citations and " " .. labels["and"] or ","), pandoc.Space() }) end
    if one.mode == "SuppressAuthor" then name = name:match("%d+$") end
    out:insert(pandoc.Link({ pandoc.Str(name) }, "#" .. one.id, "", { class = "quarto-xref" }))
  end
  return out
end

local function html_tables(el)
  if el.format ~= "html" or not el.text:match("<table[%s>]") then return nil end
  return pandoc.read(el.text, "html").blocks
end

local function landscape_tables(el)
  if not el.classes:includes("landscape") then return nil end
  return el:walk({ Table = function(tbl)
    tbl.attributes.landscape = "true"
    return tbl
  end })
end

-- As Quarto does for print: a text without chapters starts at the first level.
local function raised(doc)
  for _, one in ipairs(seen.headings) do
    if one.level == 1 then return doc end
  end
  return doc:walk({ Header = function(el)
    el.level = math.max(1, el.level - 1)
    return el
  end })
end

-- In print a paragraph right above a table, its title, stays on the table's page.
local function titles(blocks)
  for i = #blocks - 1, 1, -1 do
    local next = blocks[i + 1]
    local first = next.t == "Div" and next.content[1] or next
    if blocks[i].t == "Para" and first and first.t == "Table" then
      blocks:insert(i, pandoc.RawBlock("typst", "#block(sticky: true)["))
      blocks:insert(i + 2, pandoc.RawBlock("typst", "]"))
    end
  end
  return blocks
end

function Pandoc(doc)
  survey(doc)
  doc = doc:walk({ Div = conditional, Span = conditional })
  survey_visible(doc)
  local ids = {}
  for _, id in ipairs(seen.ids) do ids[id] = true end
  if not html then doc = raised(doc):walk({ RawBlock = html_tables }):walk({ Div = landscape_tables, Blocks = titles }) end
  doc = doc:walk({ Link = link(ids) })
  number_all(doc)
  doc = doc:walk({ Cite = reference })
  doc = doc:walk({ traverse = "topdown", Figure = figure, Para = lone_image, Div = float_div, Table = captioned_table })
  doc.blocks = set_tables(doc.blocks, "")
  doc = doc:walk({ Image = image })
  doc = doc:walk({ Div = function(el) return callout(el) or landscape(el) end })
  seen.figures, seen.tables = numbers.fig, numbers.tbl
  local stream = assert(io.open(settings.report, "w"))
  stream:write(pandoc.json.encode(seen))
  stream:close()
  return doc
end
