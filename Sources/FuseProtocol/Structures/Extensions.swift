/// `fuse_ext_header`, and `fuse_secctx_header` if `kind` is at most 31: what an extension of a
/// request begins with.
package struct ExtensionHeader: WireValue {
  /// `size`: the length of the extension, this header included.
  package var byteCount: UInt32
  /// `type`, or `nr_secctx`, the number of security contexts.
  package var kind: UInt32

  /// The structure with these fields; spare ones are zero.
  package init(byteCount: UInt32 = 0, kind: UInt32 = 0) {
    self.byteCount = byteCount
    self.kind = kind
  }
}

/// `fuse_secctx`: a security context, before its name and its bytes.
package struct SecurityContextHeader: WireValue {
  /// `size`: the length of the context.
  package var byteCount: UInt32
  private var padding: UInt32 = 0

  /// The structure with these fields; spare ones are zero.
  package init(byteCount: UInt32 = 0) {
    self.byteCount = byteCount
  }
}
