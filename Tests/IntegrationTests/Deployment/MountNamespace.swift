import Foundation
import PostgresTestSupport
import Testing

/// `unshare` of util-linux, which gives a process mounts of its own, where the kernel lets it.
enum MountNamespace {
    static let command = ["/usr/bin/unshare", "--map-root-user", "--mount"]

    static let isAvailable: Bool = {
        let process = Process()
        process.executableURL = URL(filePath: command[0])
        process.arguments = command.dropFirst() + ["/bin/true"]
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()
}

extension Trait where Self == ConditionTrait {
    static var requiresMountNamespace: Self {
        .enabled(if: MountNamespace.isAvailable, "unshare --map-root-user --mount is not permitted here")
    }
}
