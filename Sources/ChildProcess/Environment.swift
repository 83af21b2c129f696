@preconcurrency import Glibc

extension Child {
  /// A program's environment, as bytes: what others have set need not be UTF-8.
  package struct Environment: ExpressibleByDictionaryLiteral {
    /// `NAME=value` without the zero at its end, by the name.
    private var variables: [[UInt8]: [UInt8]] = [:]

    /// Nothing but these.
    package init(dictionaryLiteral variables: (String, String)...) {
      for (name, value) in variables { set(name, to: value) }
    }

    /// Ours for a program that others chose: without what opens the ledger or a node, for whatever reads
    /// such a program's environment would have that, and without what this program says to a library of its own.
    package static var ours: Environment {
      var environment: Environment = [:]
      var next = environ
      while let variable = next.pointee {
        let bytes = UnsafeBufferPointer(start: variable, count: strlen(variable)).map {
          UInt8(bitPattern: $0)
        }
        environment.variables[Array(bytes.prefix { $0 != UInt8(ascii: "=") })] = bytes
        next = next.successor()
      }
      for name in ["DATABASE_URL", "PGPASSWORD", "TRUST_BUDGET_TOKEN", "LIBDISPATCH_LOG"] {
        environment.set(name, to: nil)
      }
      return environment
    }

    /// - Parameter value: nil for none.
    package mutating func set(_ name: String, to value: String?) {
      variables[Array(name.utf8)] = value.map { Array("\(name)=\($0)".utf8) }
    }

    /// As `posix_spawn` takes it. Whoever asks frees each.
    var copies: [UnsafeMutablePointer<CChar>?] {
      variables.values.map { strndup($0.map(CChar.init(bitPattern:)), $0.count) } + [nil]
    }
  }
}
