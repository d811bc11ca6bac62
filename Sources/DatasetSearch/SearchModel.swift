public import DatasetTable
public import SentenceEncoding

/// The model that questions are encoded with.
public struct SearchModel: Sendable {
    /// What tells it from any other.
    public let fingerprint: Fingerprint
    /// The number of components of its vectors.
    public let dimension: Int
    /// Which cosines mean nothing, and which a match; `nil` if that was not measured.
    public let calibration: SearchCalibration?

    /// Describes a model.
    public init(fingerprint: Fingerprint, dimension: Int, calibration: SearchCalibration?) {
        self.fingerprint = fingerprint
        self.dimension = dimension
        self.calibration = calibration
    }
}
