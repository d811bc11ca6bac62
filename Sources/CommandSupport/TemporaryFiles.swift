import Dispatch
import Glibc
import Synchronization
import SystemPackage

/// Files under temporary names, which go when a signal ends the process.
///
/// Whoever is killed with SIGKILL leaves such a file behind. Nobody opens it again: names are random, and a file of a name
/// that exists is never taken for one's own.
enum TemporaryFiles {
    private static let paths = Mutex<Set<FilePath>>([])
    /// What watches for signals, as soon as there is something to remove.
    private static let watches = Mutex<[any DispatchSourceSignal]>([])

    /// Creates a file under a random name in the folder of another, and opens it for writing.
    static func create(
        beside path: FilePath, permissions: FilePermissions
    ) throws -> (path: FilePath, descriptor: FileDescriptor) {
        watches.withLock { watches in
            if watches.isEmpty { watches = watch([SIGHUP, SIGINT, SIGQUIT, SIGTERM]) }
        }
        // A name may have 255 bytes.
        let name = String(decoding: (path.lastComponent?.string ?? "").utf8.prefix(200), as: UTF8.self)
        let random = String(UInt64.random(in: .min ... .max), radix: 36)
        let temporary = path.removingLastComponent().appending("\(name).\(random).partial")
        return try paths.withLock { paths in
            let descriptor = try FileDescriptor.open(
                temporary, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                permissions: permissions)
            paths.insert(temporary)
            return (temporary, descriptor)
        }
    }

    /// Gives a file its final name, under which it stays.
    static func move(_ temporary: FilePath, to path: FilePath) throws {
        try paths.withLock { paths in
            try FileSystem.move(temporary, to: path)
            paths.remove(temporary)
        }
    }

    /// Leaves a file where it is.
    static func keep(_ temporary: FilePath) {
        _ = paths.withLock { $0.remove(temporary) }
    }

    /// Removes a file.
    static func remove(_ temporary: FilePath) {
        paths.withLock { paths in
            FileSystem.remove(temporary)
            paths.remove(temporary)
        }
    }

    /// Arranges for the files to be removed before a signal has the effect it always has.
    private static func watch(_ numbers: [Int32]) -> [any DispatchSourceSignal] {
        let queue = DispatchQueue(label: "embedding-job.temporary-files")
        // `nohup`, and a shell for commands in the background, have their reasons to ignore a signal.
        return numbers.filter { !isIgnored($0) }.map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            let isWatched = DispatchSemaphore(value: 0)
            source.setRegistrationHandler { isWatched.signal() }
            source.setEventHandler { end(by: number) }
            source.activate()
            isWatched.wait()
            return source
        }
    }

    private static func end(by number: Int32) {
        // The lock is not given back: nothing new is created.
        paths.withLock { paths in
            for path in paths { FileSystem.remove(path) }
            signal(number, SIG_DFL)
            var signals = sigset_t()
            unsafe sigemptyset(&signals)
            unsafe sigaddset(&signals, number)
            unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
            raise(number)
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard unsafe sigaction(number, nil, &action) == 0 else { return false }
        let handlers = unsafe [action.__sigaction_handler.sa_handler, SIG_IGN].map {
            unsafe unsafeBitCast($0, to: Int.self)
        }
        return handlers[0] == handlers[1]
    }
}
