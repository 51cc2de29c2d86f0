internal import Glibc

/// The value of an environment variable, or nothing if it is not set.
package func environmentVariable(_ name: String) -> String? {
  // SAFETY: the string is copied before anything could change the environment.
  guard let value = unsafe getenv(name) else { return nil }
  return unsafe String(cString: value)
}

/// The path of a program that the package builds.
///
/// It lies beside the test bundle, or in the directory that `PRODUCTS_DIRECTORY` names: to test a
/// release build, or one with a sanitizer.
package func builtProduct(_ name: String) -> String {
  if let directory = environmentVariable("PRODUCTS_DIRECTORY") { return "\(directory)/\(name)" }
  let bundle = readSymbolicLink("/proc/self/exe") ?? ""
  let directory = bundle.split(separator: "/").dropLast().joined(separator: "/")
  return "/\(directory)/\(name)"
}
