import TrustBudget

/// Which roles the holders of client certificates have: the file of `--tls-roles`.
package struct ClientRoles: Sendable {
  /// One of them.
  package struct Client: Hashable, Sendable {
    /// The actor of what it brings about.
    package let name: String
    package let roles: Set<Role>
  }

  private let clients: [ClientName: Client]

  /// Reads the file.
  ///
  /// - Parameters:
  ///   - yaml: the file's bytes: UTF-8, at most 1 MiB.
  ///   - fileName: what diagnostics call the file.
  /// - Throws: everything that is wrong with the file, at once.
  package init(yaml: [UInt8], fileName: String) throws(FileDiagnostics) {
    let source = SourceText(bytes: yaml, fileName: fileName)
    let log = DiagnosticLog(source: source)
    let clients = ClientRolesReader.read(source, log: log)
    guard let clients, !log.hasErrors else { throw log.diagnostics }
    self.clients = clients
  }

  /// The client whose certificate has these names; the first that is known counts.
  package func client(named names: [ClientName]) -> Client? {
    names.lazy.compactMap { clients[$0] }.first
  }
}

/// Reads a document as a list of clients.
struct ClientRolesReader {
  private let reader: NodeReader

  static func read(
    _ source: SourceText, log: DiagnosticLog
  ) -> [ClientName: ClientRoles.Client]? {
    guard let document = YAMLLoader.load(source, log: log) else {
      if !log.hasErrors {
        log.error("the file is empty", expected: "clients: \(example)", at: .beginning)
      }
      return nil
    }
    let reader = NodeReader(document, log: log)
    return reader.root.flatMap(ClientRolesReader(reader: reader).clients)
  }

  private static let example = #"[{san: "dns:ca-1.example.com", name: ca-1, roles: [issuer]}]"#

  private func clients(_ node: YAMLNode) -> [ClientName: ClientRoles.Client]? {
    var clients: [ClientName: ClientRoles.Client] = [:]
    guard let fields = reader.fields(node, of: "the file", keys: ["clients"]) else { return nil }
    _ = fields.required("clients", example: ClientRolesReader.example) { node in
      // The last name is taken out like any other.
      reader.list(node, example: ClientRolesReader.example, mayBeEmpty: true) { node in
        client(node).map { name, client in
          if clients.updateValue(client, forKey: name) != nil {
            reader.log.error(
              "\(VisibleText.quoted(name.description)) is there twice",
              expected: "each certificate's name once", at: node.span)
          }
        }
      }
    }
    return clients
  }

  private func client(_ node: YAMLNode) -> (ClientName, ClientRoles.Client)? {
    guard
      let fields = reader.fields(node, of: "a client", keys: ["san", "name", "roles"])
    else { return nil }
    let certificateName = fields.required("san", example: #""dns:ca-1.example.com""#) {
      reader.value($0) { (text) throws(InvalidValue) in try ClientName(text) }
    }
    let name = fields.required("name", example: "ca-1") {
      reader.value($0) { (text) throws(InvalidValue) in try CallerName.validate(text) }
    }
    let roles: [Role]? = fields.required("roles", example: "[issuer]") {
      reader.list($0, example: "[issuer]") { reader.choice($0) }
    }
    guard let certificateName, let name, let roles else { return nil }
    return (certificateName, ClientRoles.Client(name: name, roles: Set(roles)))
  }
}
