public import ArgumentParser
public import CommandSupport
public import DatasetSearch
import DatasetTable

/// What scores are made of besides meaning and words.
public struct ScoreOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Column of counts and its weight; may be repeated. [EMBEDDING_METRICS]",
            discussion: """
                The variable takes several with commas between them. Default: download_count=0.5, like_count=0.3 and \
                view_count=0.2, those that exist.
                """,
            valueName: "name=weight"))
    var metric: [MetricArgument] = []

    @Option(
        help: ArgumentHelp(
            "Column that says how old a row is. [EMBEDDING_DATE_COLUMN]",
            discussion: "Default: the first of source_updated_at, updated_at and created_at that exists.",
            valueName: "name"))
    var dateColumn: String?

    /// No option given.
    public init() {}

    /// The columns as they are named.
    public func columns(_ settings: Settings) throws -> SearchColumns {
        var columns = SearchColumns()
        columns.date = try settings.value(dateColumn, "EMBEDDING_DATE_COLUMN")
        let metrics = metric.isEmpty ? try settings.value(MetricsArgument?.none, "EMBEDDING_METRICS")?.metrics : metric
        columns.metrics = metrics?.map { SearchColumns.Metric($0.name, weight: $0.weight) }
        return columns
    }
}

/// A column of counts and its weight, as `download_count=0.5`.
public struct MetricArgument: ExpressibleByArgument, Sendable {
    let name: String
    let weight: Double

    /// Reads it; `nil` for what has no name, or no positive weight.
    public init?(argument: String) {
        guard let sign = argument.lastIndex(of: "="), let weight = Double(argument[argument.index(after: sign)...]),
            weight > 0, weight.isFinite, sign > argument.startIndex
        else { return nil }
        name = String(argument[..<sign])
        self.weight = weight
    }
}

/// Several of them.
private struct MetricsArgument: ExpressibleByArgument {
    let metrics: [MetricArgument]

    init?(argument: String) {
        let parts = argument.split(separator: ",").map { MetricArgument(argument: String($0)) }
        metrics = parts.compactMap(\.self)
        guard metrics.count == parts.count, !metrics.isEmpty else { return nil }
    }
}

/// How the parts of a score are put together.
public struct FusionOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "weighted, or rrf by places alone. [EMBEDDING_FUSION]",
            discussion: "Default: weighted, if it is known which similarities of the model mean a match.",
            valueName: "fusion"))
    var fusion: SearchSettings.Fusion?

    @Option(
        help: ArgumentHelp(
            "What meaning, words and metrics count (default: 0.6,0.25,0.15). [EMBEDDING_SEARCH_WEIGHTS]",
            discussion: "Three numbers with commas and no blanks between them, the first above 0.",
            valueName: "weights"))
    var weights: WeightsArgument?

    @Option(
        help: ArgumentHelp(
            "Days after which half of what age takes is gone (default: 730). [EMBEDDING_HALF_LIFE]", valueName: "days"))
    var halfLife: PositiveCount?

    @Option(
        help: ArgumentHelp(
            "What age leaves of a score at least (default: 0.85). [EMBEDDING_AGE_FLOOR]", valueName: "share"))
    var ageFloor: ShareArgument?

    /// No option given.
    public init() {}

    /// The settings of a search but for its filters; without calibration the places count.
    public func settings(_ settings: Settings, isCalibrated: Bool) throws -> SearchSettings {
        var search = SearchSettings()
        search.fusion = try settings.value(fusion, "EMBEDDING_FUSION") ?? (isCalibrated ? .weighted : .reciprocalRank)
        search.weights = try settings.value(weights, "EMBEDDING_SEARCH_WEIGHTS")?.weights ?? search.weights
        search.halfLife =
            try settings.value(halfLife, "EMBEDDING_HALF_LIFE").map { Double($0.value) } ?? search.halfLife
        search.ageFloor = try settings.value(ageFloor, "EMBEDDING_AGE_FLOOR")?.share ?? search.ageFloor
        return search
    }
}

extension SearchSettings.Fusion: ExpressibleByArgument {}

/// Three weights with commas between them.
public struct WeightsArgument: ExpressibleByArgument, Sendable {
    let weights: SearchSettings.Weights

    /// Reads them; `nil` for others.
    public init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).compactMap { Double($0) }
        guard let weights = SearchSettings.Weights(numbers) else { return nil }
        self.weights = weights
    }
}

/// A number from 0 to 1.
public struct ShareArgument: ExpressibleByArgument, Sendable {
    let share: Double

    /// Reads it; `nil` for others.
    public init?(argument: String) {
        guard let share = Double(argument), (0...1).contains(share) else { return nil }
        self.share = share
    }
}

/// A day or a point in time, as ISO 8601 writes it; one that there is, before a server says that there is not.
public struct DateArgument: ExpressibleByArgument, Sendable {
    /// As it was given.
    public let text: String

    /// Reads it; `nil` for a day or a time that there is not.
    public init?(argument: String) {
        let form =
            /(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:Z|[+-](\d\d)(?::?(\d\d))?)?)?/
            .asciiOnlyDigits()
        guard let match = argument.wholeMatch(of: form)?.output, let year = Int(match.1), let month = Int(match.2),
            let day = Int(match.3), year > 0, (1...12).contains(month),
            (1...Self.days(of: month, in: year)).contains(day)
        else { return nil }
        func isBelow(_ limit: Int, _ digits: Substring?) -> Bool {
            digits.flatMap { Int($0) }.map { $0 < limit } ?? true
        }
        guard isBelow(24, match.4), isBelow(60, match.5), isBelow(60, match.6), isBelow(15, match.7),
            isBelow(60, match.8)
        else { return nil }
        text = argument
    }

    private static func days(of month: Int, in year: Int) -> Int {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
