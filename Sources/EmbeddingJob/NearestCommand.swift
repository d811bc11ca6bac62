import ArgumentParser

/// Finds out which command a mistyped word was meant to be.
enum NearestCommand {
    /// A sentence that names the nearest command, if the first word that is no command is nearly one.
    static func hint(_ arguments: [String], root: any ParsableCommand.Type) -> String? {
        var commands = root.configuration.subcommands
        var path: [String] = []
        for word in arguments {
            guard !word.hasPrefix("-"), !commands.isEmpty else { return nil }
            guard let command = commands.first(where: { $0.configuration.commandName == word }) else {
                guard let name = nearest(to: word, commands.compactMap { $0.configuration.commandName }) else {
                    return nil
                }
                return "Did you mean '\((path + [name]).joined(separator: " "))'?"
            }
            path.append(word)
            commands = command.configuration.subcommands
        }
        return nil
    }

    /// One mistake in three letters is a slip.
    private static func nearest(to word: String, _ names: [String]) -> String? {
        let word = word.lowercased().replacing("_", with: "-")
        let distances = names.map { (name: $0, distance: distance(Array(word), Array($0))) }
        guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
        if best.distance <= max(1, min(word.count, best.name.count) / 3) { return best.name }
        let completions = names.filter { word.count > 1 && $0.hasPrefix(word) }
        return completions.count == 1 ? completions[0] : nil
    }

    /// How many letters have to be inserted, deleted, replaced or exchanged with their neighbor (the optimal string
    /// alignment distance).
    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var least = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
