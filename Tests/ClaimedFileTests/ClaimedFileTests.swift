import ClaimedFile
import Foundation
import Testing
import TrustBudgetTesting

/// A place on disk belongs to one process at a time, and nothing there is ever overwritten.
@Suite struct ClaimedFileTests {
  @Test func `a second claim is told who has the first, until that one is given up`() throws {
    try withPath { path in
      #expect(!ClaimedFile.isHeld(path))
      let first = try ClaimedFile(claiming: path, holder: "process 1, node-1")
      #expect(!first.wasClaimedBefore)
      #expect(ClaimedFile.isHeld(path))
      #expect(throws: FileProblem.held(by: "process 1, node-1")) {
        try ClaimedFile(claiming: path, holder: "process 2, a longer name")
      }
      first.release()
      let second = try ClaimedFile(claiming: path, holder: "2")
      #expect(second.wasClaimedBefore)
      #expect(throws: FileProblem.held(by: "2")) {
        try ClaimedFile(claiming: path, holder: "3")
      }
    }
  }

  @Test func `a claim overwrites no file to which its lock leads`() throws {
    try withPath { path in
      try ClaimedFile.makeDirectory(of: path)
      let other = path + ".other"
      try Data("kept".utf8).write(to: URL(filePath: other))
      let makers: [(String, String) -> Int32] = [
        { symlink($0, $1) }, { link($0, $1) }, { mkfifo($1, 0o600) },
      ]
      for make in makers {
        #expect(make(other, path + ".lock") == 0)
        // Nobody waits for a pipe.
        _ = ClaimedFile.isHeld(path)
        let problem = #expect(throws: FileProblem.self) {
          try ClaimedFile(claiming: path, holder: "process 1")
        }
        guard case .unusable(let reason) = problem else {
          Issue.record("\(String(describing: problem))")
          return
        }
        #expect(reason.hasSuffix("; remove it"))
        #expect(try String(contentsOfFile: other, encoding: .utf8) == "kept")
        unlink(path + ".lock")
      }
      _ = try ClaimedFile(claiming: path, holder: "process 1")
    }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give a link away"))
  func `a link that somebody else has put where anybody can is not followed`() throws {
    try withPath { path in
      let directory = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
      #expect(mkdir(directory, 0o755) == 0 && chown(directory, 1, 1) == 0)
      #expect(symlink("/etc/other", path) == 0)
      func follows(mode: mode_t, owner: uid_t) -> Bool {
        chmod(directory, mode) == 0 && lchown(path, owner, owner) == 0
          && FilePlace(path) == .file("/etc/other")
      }
      #expect(follows(mode: 0o1777, owner: 0))
      #expect(follows(mode: 0o1777, owner: 1))
      #expect(follows(mode: 0o755, owner: 65_534))
      #expect(!follows(mode: 0o1777, owner: 65_534))
      // SQLite would follow it all the same.
      #expect(throws: FileProblem.self) { try ClaimedFile(claiming: path, holder: "test") }
    }
  }

  @Test func `a claim that is abandoned leaves no trace, unless the place was claimed before`()
    throws
  {
    try withPath { path in
      try ClaimedFile(claiming: path, holder: "1").abandon()
      #expect(!ClaimedFile.hasBeenClaimed(path))
      try ClaimedFile(claiming: path, holder: "2").release()
      try ClaimedFile(claiming: path, holder: "3").abandon()
      #expect(ClaimedFile.hasBeenClaimed(path))
      let claim = try ClaimedFile(claiming: path, holder: "4")
      #expect(claim.wasClaimedBefore)
    }
  }

  @Test func `a file that is made can be read by owner and group alone`() throws {
    try withPath { path in
      let claim = try ClaimedFile(claiming: path, holder: "test")
      #expect(!claim.isInPlace)
      try claim.make()
      #expect(claim.isInPlace)
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      let mode = try #require(attributes[.posixPermissions] as? NSNumber).intValue
      #expect(mode == 0o640)
      // Another one in its place is not the one that was made.
      try Data("new".utf8).write(to: URL(filePath: path + ".new"))
      #expect(rename(path + ".new", path) == 0)
      #expect(!claim.isInPlace)
      try claim.make()
      #expect(claim.isInPlace)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
      unlink(path)
      #expect(!claim.isInPlace)
    }
  }

  @Test func `the group of a file sees whether it is claimed, whoever made the lock`() throws {
    try withPath { path in
      for _ in 1...2 {
        let claim = try ClaimedFile(claiming: path, holder: "test")
        let attributes = try FileManager.default.attributesOfItem(atPath: path + ".lock")
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o640)
        claim.release()
        // As an earlier program left it, whose umask was 0077.
        #expect(chmod(path + ".lock", 0o600) == 0)
      }
      #expect(!ClaimedFile.isHeld(path))
      // Root opens any file, but not one that leads to itself.
      unlink(path + ".lock")
      #expect(symlink("file.db.lock", path + ".lock") == 0)
      #expect(ClaimedFile.isHeld(path))
    }
  }

  /// Files stand for what SQLite has open.
  @Test(arguments: ["-wal", "-shm"], [false, true])
  func `a file whose log was removed or replaced is not in place, until it is closed`(
    ending: String, isReplaced: Bool
  ) throws {
    try withPath { path in
      let claim = try ClaimedFile(claiming: path, holder: "test")
      try claim.make()
      let names = ["", "-wal", "-shm"].map { path + $0 }
      func opened() -> [Int32] { names.map { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o640) } }
      // Noticed whether or not anybody looked while all was well.
      for looks in [true, false] {
        let descriptors = opened()
        if looks { #expect(claim.isInPlace) }
        #expect(rename(path + ending, path + ".moved") == 0)
        if isReplaced { try Data().write(to: URL(filePath: path + ending)) }
        #expect(!claim.isInPlace)
        #expect(throws: FileProblem.self) { try claim.make() }
        for descriptor in descriptors { close(descriptor) }
        try claim.make()
        #expect(claim.isInPlace)
      }
    }
  }

  @Test func `two that are set aside in one second are both kept, with their logs`() throws {
    try withPath { path in
      let claim = try ClaimedFile(claiming: path, holder: "test")
      var targets: [String] = []
      for number in 1...3 {
        try Data("\(number)".utf8).write(to: URL(filePath: path))
        try Data("log \(number)".utf8).write(to: URL(filePath: path + "-wal"))
        targets.append(try claim.setAside(as: "corrupt-2026-01-02T030405"))
      }
      #expect(Set(targets).count == 3)
      for (number, target) in zip(1..., targets) {
        #expect(try String(contentsOfFile: target, encoding: .utf8) == "\(number)")
        #expect(try String(contentsOfFile: target + "-wal", encoding: .utf8) == "log \(number)")
      }
      #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
    }
  }

  @Test func `a place where nothing can be made is said to be one`() throws {
    try withPath { path in
      let below = path + "/below/file.db"
      try FileManager.default.createDirectory(
        atPath: URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false),
        withIntermediateDirectories: true)
      try Data().write(to: URL(filePath: path))
      #expect(throws: FileProblem.self) { try ClaimedFile(claiming: below, holder: "test") }
    }
  }

  @Test func `a link to a file is the same place`() throws {
    try withLink { path, link in
      let claim = try ClaimedFile(claiming: path, holder: "by its name")
      // Also where the link leads to what is not there yet.
      for _ in 1...2 {
        #expect(ClaimedFile.isHeld(link) && ClaimedFile.hasBeenClaimed(link))
        #expect(throws: FileProblem.held(by: "by its name")) {
          try ClaimedFile(claiming: link, holder: "by a link")
        }
        try claim.make()
      }
    }
    try withLink { path, link in
      let claim = try ClaimedFile(claiming: link, holder: "by a link")
      #expect(claim.path == path)
      try claim.make()
      _ = try claim.setAside(as: "corrupt")
      #expect(FileManager.default.fileExists(atPath: path + ".corrupt"))
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "file.db")
    }
  }

  @Test func `what a link led to is not in its place any more`() throws {
    try withLink { _, link in
      let claim = try ClaimedFile(claiming: link, holder: "by a link")
      try claim.make()
      for target in ["file.db", "another.db", nil, "file.db"] {
        unlink(link)
        if let target { #expect(symlink(target, link) == 0) }
        #expect(claim.isInPlace == (target == "file.db"))
      }
    }
  }

  @Test func `a file that has another name as well is claimed by neither`() throws {
    try withPath { path in
      let claim = try ClaimedFile(claiming: path, holder: "before it had one")
      try claim.make()
      let other = path + ".other"
      #expect(link(path, other) == 0)
      // Who has it goes on.
      #expect(claim.isInPlace)
      claim.release()
      for name in [path, other] {
        let error = #expect(throws: FileProblem.self) {
          try ClaimedFile(claiming: name, holder: "test")
        }
        guard case .unusable(let reason) = error else { throw TestFailure("\(name) is claimed") }
        #expect(reason.hasPrefix("\(name) has another name as well"))
      }
      #expect(!ClaimedFile.hasBeenClaimed(other))
      unlink(other)
      _ = try ClaimedFile(claiming: path, holder: "test")
    }
  }

  @Test(arguments: ["/dev/null", "/dev/zero", "/tmp", "/dev/"])
  func `what is no file is left alone`(path: String) throws {
    #expect(FilePlace(path) == .other)
    #expect(throws: FileProblem.unusable("\(path) is no regular file")) {
      try ClaimedFile(claiming: path, holder: "test")
    }
    #expect(!FileManager.default.fileExists(atPath: path + ".lock"))
  }

  @Test(arguments: [
    ("file:a.db", "./file:a.db"), (":memory:", "./:memory:"), ("a.db", "a.db"),
    ("/file:a.db", "/file:a.db"), ("data/file:a.db", "data/file:a.db"),
  ])
  func `what SQLite would take for more than a name is a path`(given: String, path: String) {
    #expect(FilePlace(given) == .file(path))
  }

  /// Lends a path to a file that is not there yet, and a link to it.
  private func withLink(_ body: (_ path: String, _ link: String) throws -> Void) throws {
    try withPath { path in
      let directory = URL(filePath: path).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      let link = directory.appending(path: "link.db").path(percentEncoded: false)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "file.db")
      try body(path, link)
    }
  }

  /// Lends a path in a directory that is not there yet.
  private func withPath(_ body: (String) throws -> Void) throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    try body(directory.file("data/file.db"))
  }

  @Test func `two names of one place are found, whether a file is there or not`() async throws {
    try await TemporaryDirectory.with { directory in
      let path = directory.file("file.db")
      for name in ["./file.db", "none/../file.db"] {
        #expect(ClaimedFile.isSamePlace(path, directory.file(name)), "\(name)")
      }
      #expect(!ClaimedFile.isSamePlace(path, directory.file("other.db")))
      let link = directory.file("link.db")
      #expect(symlink(path, link) == 0)
      #expect(ClaimedFile.isSamePlace(path, link))
    }
  }
}
