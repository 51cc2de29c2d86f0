package import Linux

/// Where descriptors wait to be closed until no thread can use them any more.
package final class Limbo: Sendable {
  /// One thread's part: what it may still use.
  package final class View: Sendable {}

  /// - Parameter descriptors: Gets back what is closed here.
  package init(descriptors: DescriptorBudget) {}

  /// A view for the calling thread, awake.
  package func register() -> View { View() }
  package func unregister(_ view: View) {}
  package func quiesce(_ view: View) {}
  package func goIdle(_ view: View) {}
  package func wake(_ view: View) {}
  package func retire(_ descriptor: consuming OwnedDescriptor) {}
}

/// How many descriptors nodes and open files may hold together.
package final class DescriptorBudget: Sendable {
  package init(limit: Int) {}
}
