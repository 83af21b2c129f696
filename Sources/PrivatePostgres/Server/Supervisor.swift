import ChildProcess
import Foundation

/// The shell script that is the server's parent and stays when we are gone.
enum Supervisor {
  /// Its standard input and output are the lifeline to us; its standard error is the lock on the
  /// directory, which it holds until it has cleaned up.
  static let script = """
    set -u
    cd /
    exec 3>&2 4<&0 2>/dev/null </dev/null
    trap '' HUP INT TERM PIPE

    # Becomes the server. Makes the cluster first, beside its place, so that half a one never counts.
    serve() {
      trap - HUP INT TERM PIPE
      if [ ! -e "$DATA/PG_VERSION" ]; then
        rm -rf "$DATA.new" && mkdir -m 700 "$DATA.new" && chown "$OWNER" "$DATA.new" &&
        $AS "$INITDB" -D "$DATA.new" $INITDB_OPTIONS &&
        mv "$DATA.new" "$DATA" || exit
      fi
      exec $AS "$POSTGRES" -D "$DATA" "$@"
    }
    serve "$@" >>"$DIRECTORY/server.log" 2>&1 3>&- 4<&- &
    server=$!

    # Nothing is ever written to the lifeline: it can be read when our program is gone. A data
    # directory that goes anyway needs no orderly shutdown.
    (
      exec >/dev/null 3>&-
      read -r _ <&4
      signal=INT
      [ ! -e "$DIRECTORY/ephemeral" ] || signal=QUIT
      rounds=0
      while kill -s "$signal" "$server"; do
        sleep 0.2
        rounds=$((rounds + 1))
        [ "$rounds" -lt 50 ] || signal=QUIT
      done
    ) &
    stopper=$!

    wait "$server"
    kill -s KILL "$stopper"
    echo ended
    read -r _ <&4
    [ -z "$SOCKETS" ] || rm -rf "$SOCKETS"
    if [ -e "$DIRECTORY/ephemeral" ]; then
      rm -rf "$DIRECTORY"
      [ -z "$LINK" ] || rm -f "$LINK"
    fi
    """

  /// Starts the script.
  ///
  /// - Returns: Its process, and our end of the lifeline.
  static func spawn(
    directory: ClusterDirectory, programs: ServerPrograms, account: ServerAccount,
    settings: [String: String]
  ) throws -> (process: pid_t, lifeline: Int32) {
    guard let lock = directory.lock.descriptor else {
      throw PrivatePostgresError("the server in \(directory.path) was stopped for good")
    }
    let (ours, theirs) = try ServerProcess.socketPair()
    // The supervisor's end must be its alone, for its death to show.
    defer { close(theirs) }
    do {
      let process = try ServerProcess.spawn(
        ["/bin/sh", "-c", script, "supervisor"]
          + arguments(directory: directory, settings: settings),
        environment: environment(directory: directory, programs: programs, account: account),
        descriptors: [theirs, theirs, lock])
      return (process, ours)
    } catch {
      close(ours)
      throw error
    }
  }

  private static func environment(
    directory: ClusterDirectory, programs: ServerPrograms, account: ServerAccount
  ) -> Child.Environment {
    var initdbOptions = [
      "--username=\(PrivatePostgres.superuser)", "--auth-local=trust", "--auth-host=reject",
      "--encoding=UTF8", "--locale=C",
    ]
    // Sorts by bytes, and yet knows letters beyond ASCII, where the system has it.
    if let locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil) {
      freelocale(locale)
      initdbOptions.append("--lc-ctype=C.UTF-8")
    }
    if directory.isEphemeral { initdbOptions.append("--no-sync") }
    return [
      "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
      "LC_ALL": "C",
      "AS": account.commandPrefix.joined(separator: " "),
      "OWNER": "\(account.userID):\(account.groupID)",
      "INITDB": programs.initdb,
      "INITDB_OPTIONS": initdbOptions.joined(separator: " "),
      "POSTGRES": programs.postgres,
      "DIRECTORY": directory.path,
      "DATA": directory.dataDirectory,
      "SOCKETS": directory.socketDirectoryOutside ?? "",
      "LINK": directory.link ?? "",
    ]
  }

  /// The server's own arguments: its settings.
  private static func arguments(directory: ClusterDirectory, settings: [String: String]) -> [String]
  {
    let fixed = [
      "listen_addresses": "",
      "unix_socket_directories": directory.socketDirectory,
      "port": "\(ClusterDirectory.port)",
    ]
    return settings.merging(fixed) { _, fixed in fixed }
      .sorted { $0.key < $1.key }
      .flatMap { ["-c", "\($0.key)=\($0.value)"] }
  }
}
