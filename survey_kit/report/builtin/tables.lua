--[[ A table of pandoc as a table of Typst: its head repeated on every sheet, groups kept with their heading, small tables
in one piece, text and columns fitted to the sheet. ]]

local sheet = ...  -- the measures of the sheet
local stringify = pandoc.utils.stringify
local sides = { AlignLeft = "left", AlignRight = "right", AlignCenter = "center" }
local gt_sides = { gt_left = "left", gt_right = "right", gt_center = "center" }
local plain = pandoc.WriterOptions({ wrap_text = "preserve" })
local END = "\u{f8ff}"  -- parts the cells of a table that are written in one go

-- The rows of a part of a table as plain values: what pandoc holds is slow to ask twice.
local function read_rows(rows, contents)
  local out = {}
  for _, row in ipairs(rows) do
    local cells, group = {}, false
    for _, cell in ipairs(row.cells) do
      local one = { columns = cell.col_span, rows = cell.row_span, side = sides[cell.alignment], text = stringify(cell.contents) }
      for _, name in ipairs(cell.classes) do
        one.side = gt_sides[name] or one.side
        one.stub = one.stub or name == "gt_stub"
        group = group or name == "gt_group_heading" or name == "gt_heading"
      end
      table.insert(contents, cell.contents)
      one.place = #contents
      table.insert(cells, one)
    end
    table.insert(out, { cells = cells, group = group })
  end
  return out
end

local function written(contents)
  local blocks = pandoc.Blocks({})
  for _, one in ipairs(contents) do
    blocks:extend(one)
    blocks:insert(pandoc.RawBlock("typst", END))
  end
  local out = {}
  for text in pandoc.write(pandoc.Pandoc(blocks), "typst", plain):gmatch("%s*(.-)%s*" .. END) do table.insert(out, text) end
  return out
end

local function typst_row(row, aligns, texts, strong)
  local out, column = {}, 1
  for _, cell in ipairs(row.cells) do
    local options = {}
    if cell.columns > 1 then table.insert(options, "colspan: " .. cell.columns) end
    if cell.rows > 1 then table.insert(options, "rowspan: " .. cell.rows) end
    local default = cell.columns == 1 and aligns[column] or nil
    if cell.side and cell.side ~= default then table.insert(options, "align: " .. cell.side) end
    local body = "[" .. texts[cell.place] .. "]"
    if strong or cell.stub then body = "[#strong" .. body .. "]" end
    if #options > 0 then body = "table.cell(" .. table.concat(options, ", ") .. ")" .. body end
    table.insert(out, body)
    column = column + cell.columns
  end
  return table.concat(out, ", ")
end

-- Rows with thin lines between them; the heading of a group stays with its rows and is repeated with them.
local function typst_body(rows, aligns, texts)
  local out, before = {}, false
  for _, row in ipairs(rows) do
    if before then table.insert(out, "table.hline(stroke: 0.25pt + luma(200)),") end
    local cells = typst_row(row, aligns, texts, row.group)
    table.insert(out, row.group and ("table.header(level: 2, " .. cells .. "),") or (cells .. ","))
    before = not row.group
  end
  return table.concat(out, "\n")
end

-- The letters each column asks for: in one line, and at least when headings and long texts wrap.
local function letters(rows, strong, long, short)
  for _, row in ipairs(rows) do
    local column = 1
    for _, cell in ipairs(row.cells) do
      if cell.columns == 1 then
        local weight = (strong or cell.stub) and sheet.bold or 1
        local all = (utf8.len(cell.text) or 0) * weight
        local least = math.min(all, sheet.longest)
        if strong then
          least = 0
          for word in cell.text:gmatch("[^ %-]+") do least = math.max(least, (utf8.len(word) or 0) * weight) end
        end
        long[column] = math.max(long[column] or 1, all)
        short[column] = math.max(short[column] or 1, least)
      end
      column = column + cell.columns
    end
  end
end

local function sum(list)
  local total = 0
  for _, value in ipairs(list) do total = total + value end
  return total
end

-- The text size and the columns: as wide as they ask for where all fits in one line, else shares of the whole width.
local function measures(head, bodies, count, wide)
  local long, short = {}, {}
  for i = 1, count do long[i], short[i] = 1, 1 end
  letters(head, true, long, short)
  for _, body in ipairs(bodies) do letters(body, false, long, short) end
  local room = (wide and sheet.landscape or sheet.portrait) - count * sheet.gutter
  if sum(long) * sheet.letter * sheet.largest <= room then return sheet.largest, tostring(count) end
  local size = math.max(sheet.smallest, math.min(sheet.largest, room / (sum(short) * sheet.letter)))
  local shares = {}
  for i, value in ipairs(short) do
    shares[i] = string.format("%.1ffr", value * sheet.letter * size + sheet.gutter)
  end
  return size, "(" .. table.concat(shares, ", ") .. ",)"
end

-- The side of each column: what the table says, else that of its last row.
local function column_sides(tbl, last)
  local aligns = {}
  for i, spec in ipairs(tbl.colspecs) do
    local cell = last and #last.cells == #tbl.colspecs and last.cells[i]
    aligns[i] = cell and cell.side or sides[spec[1]] or "left"
  end
  return aligns
end

local function typst_table(tbl)
  local contents, bodies, count = {}, {}, 0
  local head = read_rows(tbl.head.rows, contents)
  for _, body in ipairs(tbl.bodies) do
    local rows = pandoc.List(body.head)
    rows:extend(body.body)
    table.insert(bodies, read_rows(rows, contents))
    count = count + #rows
  end
  local foot = read_rows(tbl.foot.rows, contents)
  local texts = written(contents)
  local first = bodies[1]
  local aligns = column_sides(tbl, first and first[#first])
  local size, columns = measures(head, bodies, #aligns, tbl.attributes.landscape)
  local parted = count <= sheet.whole and "false" or "true"
  local lines = { string.format("#block(breakable: %s, width: 100%%)[#set text(size: %.2fpt, hyphenate: false)", parted, size),
    "#table(", "columns: " .. columns .. ",", "align: (" .. table.concat(aligns, ", ") .. ",),",
    "table.hline(stroke: 0.8pt)," }
  local function rows_of(rows, strong)
    local out = {}
    for _, row in ipairs(rows) do table.insert(out, typst_row(row, aligns, texts, strong)) end
    return table.concat(out, ",\n")
  end
  if #head > 0 then
    table.insert(lines, "table.header(" .. rows_of(head, true) .. ", table.hline(stroke: 0.5pt)),")
  end
  for _, rows in ipairs(bodies) do table.insert(lines, typst_body(rows, aligns, texts)) end
  table.insert(lines, "table.hline(stroke: 0.8pt),")
  if #foot > 0 then table.insert(lines, "table.footer(repeat: false, " .. rows_of(foot, false) .. "),") end
  table.insert(lines, ")]")
  return pandoc.RawBlock("typst", table.concat(lines, "\n"))
end

return typst_table
