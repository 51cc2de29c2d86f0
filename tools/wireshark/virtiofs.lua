-- Wireshark and tshark: captures of virtio-fs devices (swift-virtiofsd --trace; docs/trace-format.md).
-- Load it with  tshark -X lua_script:virtiofs.lua -r FILE , or copy it into Wireshark's folder of
-- personal Lua plugins (Help, About, Folders).

local virtiofs = Proto("virtiofs", "virtio-fs request or reply")

local opcodes = {
  [1] = "LOOKUP", [2] = "FORGET", [3] = "GETATTR", [4] = "SETATTR", [5] = "READLINK", [6] = "SYMLINK",
  [8] = "MKNOD", [9] = "MKDIR", [10] = "UNLINK", [11] = "RMDIR", [12] = "RENAME", [13] = "LINK",
  [14] = "OPEN", [15] = "READ", [16] = "WRITE", [17] = "STATFS", [18] = "RELEASE", [20] = "FSYNC",
  [21] = "SETXATTR", [22] = "GETXATTR", [23] = "LISTXATTR", [24] = "REMOVEXATTR", [25] = "FLUSH",
  [26] = "INIT", [27] = "OPENDIR", [28] = "READDIR", [29] = "RELEASEDIR", [30] = "FSYNCDIR",
  [31] = "GETLK", [32] = "SETLK", [33] = "SETLKW", [34] = "ACCESS", [35] = "CREATE",
  [36] = "INTERRUPT", [37] = "BMAP", [38] = "DESTROY", [39] = "IOCTL", [40] = "POLL",
  [41] = "NOTIFY_REPLY", [42] = "BATCH_FORGET", [43] = "FALLOCATE", [44] = "READDIRPLUS",
  [45] = "RENAME2", [46] = "LSEEK", [47] = "COPY_FILE_RANGE", [48] = "SETUPMAPPING",
  [49] = "REMOVEMAPPING", [50] = "SYNCFS", [51] = "TMPFILE", [52] = "STATX",
}

local errors = {
  [0] = "success", [1] = "EPERM", [2] = "ENOENT", [3] = "ESRCH", [4] = "EINTR", [5] = "EIO",
  [6] = "ENXIO", [7] = "E2BIG", [9] = "EBADF", [11] = "EAGAIN", [12] = "ENOMEM", [13] = "EACCES",
  [14] = "EFAULT", [16] = "EBUSY", [17] = "EEXIST", [18] = "EXDEV", [19] = "ENODEV",
  [20] = "ENOTDIR", [21] = "EISDIR", [22] = "EINVAL", [23] = "ENFILE", [24] = "EMFILE",
  [25] = "ENOTTY", [26] = "ETXTBSY", [27] = "EFBIG", [28] = "ENOSPC", [29] = "ESPIPE",
  [30] = "EROFS", [31] = "EMLINK", [32] = "EPIPE", [34] = "ERANGE", [35] = "EDEADLK",
  [36] = "ENAMETOOLONG", [38] = "ENOSYS", [39] = "ENOTEMPTY", [40] = "ELOOP", [61] = "ENODATA",
  [71] = "EPROTO", [75] = "EOVERFLOW", [95] = "EOPNOTSUPP", [107] = "ENOTCONN",
  [110] = "ETIMEDOUT", [116] = "ESTALE", [122] = "EDQUOT", [125] = "ECANCELED",
}

local kinds = { [1] = "request", [2] = "reply", [3] = "event" }
local events = {
  [1] = "capture begins", [2] = "vring started", [3] = "vring stopped", [4] = "records dropped",
  [5] = "device reset", [6] = "capture ends",
}
local types = {
  [1] = "FIFO", [2] = "character device", [4] = "directory", [6] = "block device", [8] = "file",
  [10] = "symbolic link", [12] = "socket",
}

local f = {}

-- Declares the field virtiofs.NAME.
local function field(name, make, label, ...)
  f[name] = make("virtiofs." .. name, label, ...)
end

local u8, u16, u32, u64 = ProtoField.uint8, ProtoField.uint16, ProtoField.uint32, ProtoField.uint64
local text, raw, frame = ProtoField.string, ProtoField.bytes, ProtoField.framenum
field("version", u8, "Version")
field("kind", u8, "Kind", base.DEC, kinds)
field("vring", u16, "Vring")
field("head", u16, "Head of the chain")
field("serial", u64, "Serial", base.HEX)
field("readable", u32, "Device-readable bytes")
field("writable", u32, "Device-writable bytes")
field("message_length", u32, "Length of the message")
field("data_length", u32, "Length of the file data")
field("digest", u64, "Digest of the file data (XXH3)", base.HEX)
field("event", u32, "Event", base.DEC, events)
field("text", text, "Text")
field("dropped", u64, "Dropped records")
field("requests", u64, "Requests")
field("replies", u64, "Replies")
field("features", u64, "Features", base.HEX)
field("vring_size", u32, "Size of the vring")
field("request_in", frame, "Request in", base.NONE, frametype.REQUEST)
field("reply_in", frame, "Response in", base.NONE, frametype.RESPONSE)
field("time", ProtoField.relative_time, "Time from the request")
field("len", u32, "Length")
field("opcode", u32, "Operation", base.DEC, opcodes)
field("unique", u64, "Unique")
field("nodeid", u64, "Node")
field("uid", u32, "User")
field("gid", u32, "Group")
field("pid", u32, "Process")
field("error", u32, "Error", base.DEC, errors)
field("name", text, "Name")
field("newname", text, "New name")
field("target", text, "Target of the link")
field("newdir", u64, "New parent node")
field("fh", u64, "Handle")
field("offset", u64, "Offset")
field("size", u64, "Size")
field("count", u32, "Bytes")
field("flags", u32, "Flags", base.HEX)
field("open_flags", u32, "Flags of the open file", base.HEX)
field("mode", u32, "Mode", base.OCT)
field("umask", u32, "Mode mask", base.OCT)
field("rdev", u32, "Device", base.HEX)
field("mask", u32, "Mask", base.OCT)
field("valid", u32, "Valid fields", base.HEX)
field("whence", u32, "Whence")
field("nlookup", u64, "Lookups")
field("owner", u64, "Owner of locks", base.HEX)
field("generation", u64, "Generation")
field("entry_valid", u64, "Entry valid for seconds")
field("attr_valid", u64, "Attributes valid for seconds")
field("ino", u64, "Inode number")
field("blocks", u64, "Blocks of 512 bytes")
field("nlink", u32, "Links")
field("mtime", ProtoField.absolute_time, "Modified", base.UTC)
field("xattr", text, "Attribute's name")
field("value", raw, "Value")
field("major", u32, "Major version")
field("minor", u32, "Minor version")
field("readahead", u32, "Most readahead")
field("init_flags", u64, "INIT flags", base.HEX)
field("max_background", u16, "Most requests in the background")
field("max_write", u32, "Most bytes of a WRITE")
field("max_pages", u16, "Most pages of a request")
field("entry", text, "Entry")
field("rest", raw, "Rest")
field("data", raw, "File data")
virtiofs.fields = f

local malformed = ProtoExpert.new(
  "virtiofs.short", "A message that is too short", expert.group.MALFORMED, expert.severity.WARN)
local failed = ProtoExpert.new(
  "virtiofs.failed", "The request failed", expert.group.RESPONSE_CODE, expert.severity.CHAT)
virtiofs.experts = { malformed, failed }

-- Requests by serial: frame, opcode, node, time. Captures are read in order the first time.
local requests = {}
-- The frame of a request's reply, by serial.
local replies = {}
function virtiofs.init()
  requests = {}
  replies = {}
end

-- A cursor over a message: every read checks that there is enough.
local Cursor = {}
Cursor.__index = Cursor

local function cursor(tvb, tree)
  return setmetatable({ tvb = tvb, at = 0, tree = tree }, Cursor)
end

function Cursor:left()
  return self.tvb:len() - self.at
end

-- Adds the next `size` bytes as a field, or skips them without one; its value, or nil at the end.
function Cursor:take(name, size)
  if self:left() < size then
    self.at = self.tvb:len()
    return nil
  end
  local range = self.tvb:range(self.at, size)
  self.at = self.at + size
  if name == nil then return nil end
  self.tree:add_le(f[name], range)
  if size == 8 then return range:le_uint64() end
  return range:le_uint()
end

-- Adds a name up to its NUL, or up to the end.
function Cursor:string(name)
  local bytes = self.tvb:raw(self.at, self:left())
  local length = (bytes:find("\0", 1, true) or #bytes + 1) - 1
  local shown = bytes:sub(1, length):gsub("[^\32-\126\128-\255]", "?")
  self.tree:add(f[name], self.tvb:range(self.at, math.min(length + 1, self:left())), shown)
  self.at = math.min(self.at + length + 1, self.tvb:len())
  return shown
end

function Cursor:rest()
  if self:left() > 0 then
    self.tree:add(f.rest, self.tvb:range(self.at, self:left()))
    self.at = self.tvb:len()
  end
end

-- struct fuse_attr: 88 bytes.
function Cursor:attributes()
  if self:left() < 88 then return self:rest() end
  local parent = self.tree
  self.tree = parent:add(virtiofs, self.tvb:range(self.at, 88), "Attributes")
  self:take("ino", 8)
  local size = self:take("size", 8)
  self:take("blocks", 8)
  self:take(nil, 8)
  local seconds = self.tvb:range(self.at, 8):le_uint64():tonumber()
  local nanoseconds = self.tvb:range(self.at + 20, 4):le_uint()
  self.tree:add(f.mtime, self.tvb:range(self.at, 8), NSTime.new(seconds, nanoseconds))
  self:take(nil, 28)
  local mode = self:take("mode", 4)
  self:take("nlink", 4)
  self:take("uid", 4)
  self:take("gid", 4)
  self:take("rdev", 4)
  self:take(nil, 8)
  self.tree = parent
  return string.format("mode %o size %s", mode, tostring(size))
end

-- struct fuse_entry_out: 128 bytes.
function Cursor:entry()
  local node = self:take("nodeid", 8)
  if node == nil then return nil end
  self:take("generation", 8)
  self:take("entry_valid", 8)
  self:take("attr_valid", 8)
  self:take(nil, 8)
  return string.format("node %s %s", tostring(node), self:attributes() or "")
end

-- struct fuse_open_out: 16 bytes.
function Cursor:opened()
  local handle = self:take("fh", 8)
  self:take("open_flags", 4)
  self:take(nil, 4)
  return handle and "handle " .. tostring(handle)
end

local function named(c) return c:string("name") end

local function opens(c)
  local flags = c:take("flags", 4)
  c:take(nil, 4)
  return flags and string.format("flags 0x%x", flags)
end

local function reads(c)
  local handle = c:take("fh", 8)
  local offset = c:take("offset", 8)
  local count = c:take("count", 4)
  c:take(nil, 4)
  c:take("owner", 8)
  c:take("flags", 4)
  c:take(nil, 4)
  return count and string.format(
    "handle %s, %u bytes at %s", tostring(handle), count, tostring(offset))
end

local function releases(c)
  local handle = c:take("fh", 8)
  c:take("flags", 4)
  c:take(nil, 4)
  c:take("owner", 8)
  return handle and "handle " .. tostring(handle)
end

local function syncs(c)
  local handle = c:take("fh", 8)
  c:take("flags", 4)
  c:take(nil, 4)
  return handle and "handle " .. tostring(handle)
end

local function creates(c)
  c:take("flags", 4)
  local mode = c:take("mode", 4)
  c:take("umask", 4)
  c:take(nil, 4)
  return string.format("%s mode %o", c:string("name"), mode or 0)
end

-- What the arguments of a request are, by opcode; each returns what stands in the info column.
local arguments = {
  [1] = named, [10] = named, [11] = named,
  [24] = function(c) return c:string("xattr") end,
  [14] = opens, [27] = opens, [15] = reads, [16] = reads, [28] = reads, [44] = reads,
  [18] = releases, [29] = releases, [20] = syncs, [30] = syncs, [35] = creates, [51] = creates,
  [2] = function(c) return "lookups " .. tostring(c:take("nlookup", 8)) end,
  [3] = function(c)
    local flags = c:take("flags", 4)
    c:take(nil, 4)
    if flags and flags % 2 == 1 then return "handle " .. tostring(c:take("fh", 8)) end
    c:take(nil, 8)
  end,
  [4] = function(c)
    local valid = c:take("valid", 4)
    c:take(nil, 4)
    c:take("fh", 8)
    c:take("size", 8)
    c:take("owner", 8)
    c:take(nil, 36)
    c:take("mode", 4)
    c:take(nil, 4)
    c:take("uid", 4)
    c:take("gid", 4)
    c:take(nil, 4)
    return valid and string.format("valid 0x%x", valid)
  end,
  [6] = function(c) return c:string("name") .. " -> " .. c:string("target") end,
  [8] = function(c)
    local mode = c:take("mode", 4)
    c:take("rdev", 4)
    c:take("umask", 4)
    c:take(nil, 4)
    return string.format("%s mode %o", c:string("name"), mode or 0)
  end,
  [9] = function(c)
    local mode = c:take("mode", 4)
    c:take("umask", 4)
    return string.format("%s mode %o", c:string("name"), mode or 0)
  end,
  [12] = function(c)
    local parent = c:take("newdir", 8)
    return string.format("%s -> %s/%s", c:string("name"), tostring(parent), c:string("newname"))
  end,
  [13] = function(c)
    local node = c:take("nodeid", 8)
    return string.format("node %s as %s", tostring(node), c:string("newname"))
  end,
  [21] = function(c)
    local size = c:take("count", 4)
    c:take("flags", 4)
    -- The longer structure has a word of flags and padding more, which no name begins with.
    if c:left() >= 8 and c.tvb:range(c.at + 1, 3):le_uint() == 0 then c:take(nil, 8) end
    local name = c:string("xattr")
    if c:left() > 0 then c.tree:add(f.value, c.tvb:range(c.at, c:left())) end
    c.at = c.tvb:len()
    return string.format("%s, %u bytes", name, size or 0)
  end,
  [22] = function(c)
    c:take("count", 4)
    c:take(nil, 4)
    return c:string("xattr")
  end,
  [23] = function(c)
    c:take("count", 4)
    c:take(nil, 4)
  end,
  [25] = function(c)
    local handle = c:take("fh", 8)
    c:take(nil, 8)
    c:take("owner", 8)
    return "handle " .. tostring(handle)
  end,
  [26] = function(c)
    local major = c:take("major", 4)
    local minor = c:take("minor", 4)
    c:take("readahead", 4)
    if c:left() >= 4 then
      local low = c.tvb:range(c.at, 4):le_uint()
      local high = c:left() >= 8 and c.tvb:range(c.at + 4, 4):le_uint() or 0
      c.tree:add(f.init_flags, c.tvb:range(c.at, math.min(8, c:left())), UInt64.new(low, high))
      c:take(nil, math.min(8, c:left()))
      c:take(nil, c:left())
    end
    return string.format("version %u.%u", major or 0, minor or 0)
  end,
  [34] = function(c)
    local mask = c:take("mask", 4)
    c:take(nil, 4)
    return mask and string.format("mask %o", mask)
  end,
  [36] = function(c) return "of " .. tostring(c:take("unique", 8)) end,
  [42] = function(c)
    local count = c:take("count", 4)
    c:take(nil, 4)
    while c:left() >= 16 do
      c:take("nodeid", 8)
      c:take("nlookup", 8)
    end
    return string.format("%u nodes", count or 0)
  end,
  [43] = function(c)
    local handle = c:take("fh", 8)
    local offset = c:take("offset", 8)
    local size = c:take("size", 8)
    c:take("mode", 4)
    c:take(nil, 4)
    return string.format(
      "handle %s, %s bytes at %s", tostring(handle), tostring(size), tostring(offset))
  end,
  [45] = function(c)
    local parent = c:take("newdir", 8)
    c:take("flags", 4)
    c:take(nil, 4)
    return string.format("%s -> %s/%s", c:string("name"), tostring(parent), c:string("newname"))
  end,
  [46] = function(c)
    local handle = c:take("fh", 8)
    local offset = c:take("offset", 8)
    c:take("whence", 4)
    c:take(nil, 4)
    return string.format("handle %s from %s", tostring(handle), tostring(offset))
  end,
  [47] = function(c)
    local handle = c:take("fh", 8)
    c:take("offset", 8)
    c:take("nodeid", 8)
    local target = c:take("fh", 8)
    c:take("offset", 8)
    local size = c:take("size", 8)
    c:take(nil, 8)
    return string.format(
      "handle %s to %s, %s bytes", tostring(handle), tostring(target), tostring(size))
  end,
}

local function answersEntry(c) return c:entry() end

local function answersAttributes(c)
  c:take("attr_valid", 8)
  c:take(nil, 8)
  return c:attributes()
end

local function answersOpen(c) return c:opened() end

local function answersWritten(c)
  local count = c:take("count", 4)
  c:take(nil, 4)
  return count and string.format("%u bytes", count)
end

local function answersCreated(c)
  return string.format("%s %s", c:entry() or "", c:opened() or "")
end

-- Directory entries; with attributes before each if `plus`.
local function answersEntries(c, plus)
  local count = 0
  local parent = c.tree
  while c:left() >= (plus and 152 or 24) do
    local start = c.at + (plus and 128 or 0)
    local length = c.tvb:range(start + 16, 4):le_uint()
    local kind = c.tvb:range(start + 20, 4):le_uint()
    if start + 24 + length > c.tvb:len() then break end
    local name = c.tvb:raw(start + 24, length):gsub("[^\32-\126\128-\255]", "?")
    c.tree = parent:add(
      f.entry, c.tvb:range(c.at, start + 24 + length - c.at),
      string.format("%s (%s)", name, types[kind] or kind))
    if plus then c:entry() end
    c:take("ino", 8)
    c:take("offset", 8)
    c.at = math.min(start + 24 + math.floor((length + 7) / 8) * 8, c.tvb:len())
    count = count + 1
  end
  c.tree = parent
  return string.format("%u entries", count)
end

local answers = {
  [1] = answersEntry, [6] = answersEntry, [8] = answersEntry, [9] = answersEntry,
  [13] = answersEntry, [3] = answersAttributes, [4] = answersAttributes,
  [5] = function(c) return "-> " .. c:string("target") end,
  [14] = answersOpen, [27] = answersOpen, [16] = answersWritten, [47] = answersWritten,
  [35] = answersCreated, [51] = answersCreated,
  [28] = function(c) return answersEntries(c, false) end,
  [44] = function(c) return answersEntries(c, true) end,
  [26] = function(c)
    local major = c:take("major", 4)
    local minor = c:take("minor", 4)
    c:take("readahead", 4)
    if c:left() >= 24 then
      local low = c.tvb:range(c.at, 4):le_uint()
      local high = c.tvb:range(c.at + 20, 4):le_uint()
      c.tree:add(f.init_flags, c.tvb:range(c.at, 4), UInt64.new(low, high))
      c:take(nil, 4)
      c:take("max_background", 2)
      c:take(nil, 2)
      c:take("max_write", 4)
      c:take(nil, 4)
      c:take("max_pages", 2)
      c:take(nil, c:left())
    end
    return string.format("version %u.%u", major or 0, minor or 0)
  end,
  [46] = function(c) return "at " .. tostring(c:take("offset", 8)) end,
}

local function failure(number)
  return errors[number] or string.format("error %d", number)
end

local function requestInfo(tvb, tree, serial, pinfo)
  if tvb:len() < 40 then
    tree:add_proto_expert_info(malformed)
    return "no request: " .. tvb:len() .. " bytes of a header"
  end
  local c = cursor(tvb, tree)
  c:take("len", 4)
  local opcode = c:take("opcode", 4)
  c:take("unique", 8)
  local node = c:take("nodeid", 8)
  c:take("uid", 4)
  c:take("gid", 4)
  c:take("pid", 4)
  c:take(nil, 4)
  if not pinfo.visited then
    requests[serial] = { number = pinfo.number, opcode = opcode, node = node, time = pinfo.rel_ts }
  end
  local detail = arguments[opcode] and arguments[opcode](c)
  c:rest()
  local name = opcodes[opcode] or ("operation " .. opcode)
  return string.format("%s node %s%s", name, tostring(node), detail and ", " .. detail or "")
end

local function replyInfo(tvb, tree, request)
  local name = request and (opcodes[request.opcode] or ("operation " .. request.opcode)) or "reply"
  if tvb:len() < 16 then return name .. ": no answer" end
  local c = cursor(tvb, tree)
  c:take("len", 4)
  local number = -tvb:range(4, 4):le_int()
  -- Errors are negative on the wire; whatever else stands there is shown as it is.
  tree:add(f.error, tvb:range(4, 4), number >= 0 and number or tvb:range(4, 4):le_uint())
  c:take(nil, 4)
  c:take("unique", 8)
  if number ~= 0 then
    tree:add_proto_expert_info(failed, failure(number))
    return string.format("%s: %s", name, failure(number))
  end
  local detail = request and answers[request.opcode] and c:left() > 0
    and answers[request.opcode](c)
  c:rest()
  return string.format("%s: %s", name, detail or "success")
end

local function eventInfo(tvb, tree)
  local c = cursor(tvb, tree)
  local number = c:take("event", 4)
  local name = number and events[number] or "unknown event"
  if number == 1 and c:left() > 0 then
    tree:add(f.text, tvb:range(4), tvb:raw(4))
  elseif number == 2 then
    name = name .. ", size " .. tostring(c:take("vring_size", 4))
    c:take("features", 8)
  elseif number == 4 then
    name = name .. ": " .. tostring(c:take("dropped", 8))
  elseif number == 6 then
    local requested, replied = c:take("requests", 8), c:take("replies", 8)
    name = string.format("%s: %s requests, %s replies, %s dropped", name, tostring(requested),
      tostring(replied), tostring(c:take("dropped", 8)))
  else
    c:rest()
  end
  return name
end

-- Links the two frames, and says how long it took.
local function pair(tree, kind, serial, pinfo)
  local request = requests[serial]
  if kind == 1 then
    local reply = replies[serial]
    if reply then tree:add(f.reply_in, reply):set_generated() end
  elseif request then
    if not pinfo.visited then replies[serial] = pinfo.number end
    tree:add(f.request_in, request.number):set_generated()
    -- Relative to the first frame: a double holds no nanoseconds since 1970.
    local elapsed = pinfo.rel_ts - request.time
    local seconds = math.floor(elapsed)
    tree:add(f.time, NSTime.new(seconds, math.floor((elapsed - seconds) * 1e9 + 0.5)))
      :set_generated()
    return elapsed
  end
end

function virtiofs.dissector(tvb, pinfo, root)
  if tvb:len() < 40 then return 0 end
  pinfo.cols.protocol = "virtio-fs"
  local tree = root:add(virtiofs, tvb())
  local header = cursor(tvb, tree:add(virtiofs, tvb(0, 40), "Record"))
  header:take("version", 1)
  local kind = header:take("kind", 1)
  local vring = header:take("vring", 2)
  header:take("head", 2)
  header:take(nil, 2)
  local serial = tostring(header:take("serial", 8))
  header:take("readable", 4)
  header:take("writable", 4)
  local length = header:take("message_length", 4)
  local dataLength = header:take("data_length", 4)
  header:take("digest", 8)
  -- editcap -s may have cut the packet.
  local kept = math.min(length, tvb:len() - 40)
  local message = tvb(40, kept):tvb()
  local info, elapsed
  if kind == 1 then
    info = requestInfo(message, tree, serial, pinfo)
    pair(tree, kind, serial, pinfo)
  elseif kind == 2 then
    elapsed = pair(tree, kind, serial, pinfo)
    info = replyInfo(message, tree, requests[serial])
    if elapsed then info = string.format("%s (%.1f us)", info, elapsed * 1e6) end
  else
    info = eventInfo(message, tree)
  end
  if dataLength > 0 then
    info = string.format("%s, %u bytes of data", info, dataLength)
    if tvb:len() > 40 + kept then tree:add(f.data, tvb(40 + kept)) end
  end
  if kind == 1 then
    pinfo.cols.src, pinfo.cols.dst = "guest", "vring " .. vring
  else
    pinfo.cols.src, pinfo.cols.dst = "vring " .. vring, "guest"
  end
  pinfo.cols.info = info
  tree:append_text(": " .. info)
  return tvb:len()
end

-- LINKTYPE_USER0.
DissectorTable.get("wtap_encap"):add(wtap.USER0, virtiofs)
