import Foundation
import Synchronization

/// What `dev` says once both nodes listen.
final class DevWelcome: Sendable {
  private let connectionString: String
  private let directory: DevDirectory
  private let ports = Mutex<[String: Int]>([:])

  init(connectionString: String, directory: DevDirectory) {
    self.connectionString = connectionString
    self.directory = directory
  }

  func listening(node: String, port: Int) {
    let all = ports.withLock { ports in
      ports[node] = port
      return ports
    }
    guard all.count == DevDirectory.nodes.count else { return }
    let urls = all.sorted { $0.key < $1.key }.map { "http://127.0.0.1:\($0.value)" }
    let text = """
      Two nodes share one PostgreSQL:
        dev-1  \(urls[0])
        dev-2  \(urls[1])

      Charge a certificate to alice's budget, on either node:
        curl -s \(urls[0])/v1/authorizations -d '{"username":"alice"}'
        curl -s \(urls[1])/v1/authorizations -d '{"username":"alice"}'

      Or run a signing command under the budget:
        trust-budget exec --server \(urls[0]) --username alice -- \\
          ssh-keygen -s ca -I alice -n {principals} -V +{max_duration} id.pub

      Look at balances and at the trail:
        export DATABASE_URL="\(connectionString)"
        trust-budget budget list
        trust-budget budget history user:alice
        psql "$DATABASE_URL" -c 'SELECT * FROM trust_budget.audit_trail'
        sqlite3 -box \(directory.auditFile(of: "dev-1")) 'SELECT * FROM budgets'

      Ctrl-C ends everything.

      """
    // Not print: it would keep the text back while the output is a pipe.
    Console.write(text, to: .standardOutput)
  }
}
