internal import FoundationEssentials
internal import Glibc

/// What this process has used of the machine.
enum ProcessUsage {
    /// Processor time of all threads so far, user and system; `clock()` counts microseconds on POSIX systems.
    static var processorSeconds: Double { Double(clock()) / 1e6 }

    /// Begins a new measurement of ``peakMemory``; see proc(5) on clear_refs.
    static func resetPeakMemory() {
        try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
    }

    /// The most memory resident since ``resetPeakMemory()``, in bytes; nil where the kernel does not tell.
    static var peakMemory: Int? {
        guard let status = try? String(contentsOf: URL(filePath: "/proc/self/status"), encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = line.split(whereSeparator: { !$0.isNumber }).first.flatMap({ Int($0) })
        else { return nil }
        return kilobytes << 10
    }
}
