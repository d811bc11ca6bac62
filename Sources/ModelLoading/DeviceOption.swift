public import ArgumentParser

/// On which device a model runs.
public enum DeviceOption: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// The processor: no library of a GPU is opened.
    case cpu
    /// The GPU, or nothing.
    case cuda
    /// The GPU if it can be used, else the processor.
    case auto
}

/// One device, or several separated by commas.
public struct DeviceList: ExpressibleByArgument, Sendable {
    /// In the order given, each once.
    public let devices: [DeviceOption]

    /// Reads names separated by commas.
    public init?(argument: String) {
        let devices = argument.split(separator: ",", omittingEmptySubsequences: false).map {
            DeviceOption(rawValue: String($0))
        }
        let known = devices.compactMap(\.self)
        guard known.count == devices.count, Set(known).count == known.count else { return nil }
        self.devices = known
    }

    /// What a shell may complete.
    public static var allValueStrings: [String] { DeviceOption.allCases.map(\.rawValue) }
}
