import FoundationEssentials

/// The most compute workers that are any use.
enum ThreadLimit {
    /// Four for each processor of the machine, and sixteen on a small one.
    ///
    /// More of them only take memory and time from each other: a worker has buffers of some megabytes, and the kernel ends a
    /// process that asks for threads without measure.
    static var count: Int { max(16, 4 * ProcessInfo.processInfo.processorCount) }
}
