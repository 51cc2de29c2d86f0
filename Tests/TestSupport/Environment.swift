internal import Glibc

/// The value of an environment variable, or nothing if it is not set.
package func environmentVariable(_ name: String) -> String? {
  // SAFETY: the string is copied before anything could change the environment.
  guard let value = unsafe getenv(name) else { return nil }
  return unsafe String(cString: value)
}

/// The path of a program that the package builds: it lies beside the test bundle.
package func builtProduct(_ name: String) -> String {
  let bundle = readSymbolicLink("/proc/self/exe") ?? ""
  let directory = bundle.split(separator: "/").dropLast().joined(separator: "/")
  return "/\(directory)/\(name)"
}
