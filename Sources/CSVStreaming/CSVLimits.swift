/// How much a record may hold; what is beyond is not read, since a quote that never ends would swallow the file.
public struct CSVLimits: Sendable, Equatable {
    /// The most bytes of one field, quotes taken away.
    public var fieldBytes = 16 << 20
    /// The most bytes of one record, as it stands in the file.
    public var recordBytes = 32 << 20
    /// The most columns.
    public var columns = 1_000

    /// 16 MiB a field, 32 MiB a record, 1,000 columns.
    public init() {}
}
