import CUTF8Proc

/// What the normalizer and the pre-tokenizer ask about a code point, answered as the reference implementation answers.
///
/// utf8proc knows Unicode 15. The reference (Hugging Face `tokenizers`) takes its facts from three places of different
/// age, and a character that one of them is too old to know is to it an unassigned code point:
///
/// - categories from the `unicode_categories` crate: Unicode 8.0,
/// - decompositions and combining classes from `unicode-normalization-alignments`: Unicode 9.0,
/// - lower case from the standard library of Rust: Unicode 17.0.
///
/// Where that makes a difference, a table below says so. A table lists stretches of code points, not single ones: a
/// stretch may run over characters for which old and new answers are equal. It covers what Unicode 18 assigns, so that
/// a newer utf8proc changes nothing. The sweep over all code points in the tests holds the tables against the reference.
enum UnicodeProperties {
    /// The distinctions that matter; all of letters, digits, symbols and spacing marks is `other`.
    enum Category {
        case control, whitespace, nonspacingMark, punctuation, other
    }

    /// The category of a code point beyond ASCII.
    static func category(of codePoint: UInt32) -> Category {
        switch codePoint {
        // The replacement character is a symbol, which BERT's clean-up removes along with the controls.
        case 0xFFFD: return .control
        // A symbol since Unicode 12, a mark since 11; punctuation before.
        case 0x166D, 0x111C9: return .punctuation
        // A spacing mark since Unicode 14, another since 16; nonspacing marks before.
        case 0x1734, 0x1171E: return .nonspacingMark
        default: break
        }
        let category: Category =
            switch utf8proc_category(utf8proc_int32_t(codePoint)) {
            case UTF8PROC_CATEGORY_CC, UTF8PROC_CATEGORY_CF, UTF8PROC_CATEGORY_CO: .control
            case UTF8PROC_CATEGORY_ZS, UTF8PROC_CATEGORY_ZL, UTF8PROC_CATEGORY_ZP: .whitespace
            case UTF8PROC_CATEGORY_MN: .nonspacingMark
            case UTF8PROC_CATEGORY_PC, UTF8PROC_CATEGORY_PD, UTF8PROC_CATEGORY_PS, UTF8PROC_CATEGORY_PE,
                UTF8PROC_CATEGORY_PI, UTF8PROC_CATEGORY_PF, UTF8PROC_CATEGORY_PO:
                .punctuation
            default: .other
            }
        return category != .other && isListed(codePoint, in: categorizedAfterUnicode8) ? .other : category
    }

    /// Whether regular expressions take a code point for part of a word, `\w`: letters, marks, digits, connectors and joiners.
    static func isWordCharacter(_ codePoint: UInt32) -> Bool {
        switch codePoint {
        // Joiners; circled and squared letters, the symbols that are alphabetic.
        case 0x200C...0x200D, 0x24B6...0x24E9, 0x1F130...0x1F149, 0x1F150...0x1F169, 0x1F170...0x1F189: return true
        default: break
        }
        return switch utf8proc_category(utf8proc_int32_t(codePoint)) {
        case UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LL, UTF8PROC_CATEGORY_LT, UTF8PROC_CATEGORY_LM,
            UTF8PROC_CATEGORY_LO, UTF8PROC_CATEGORY_NL, UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_PC,
            UTF8PROC_CATEGORY_MN, UTF8PROC_CATEGORY_MC, UTF8PROC_CATEGORY_ME:
            true
        default: isListed(codePoint, in: wordCharactersAfterUnicode14)
        }
    }

    /// The canonical combining class; 0 for everything that starts a sequence.
    static func combiningClass(of codePoint: UInt32) -> UInt8 {
        let combiningClass = unsafe utf8proc_get_property(utf8proc_int32_t(codePoint)).pointee.combining_class
        guard combiningClass != 0, !isListed(codePoint, in: normalizedAfterUnicode9) else { return 0 }
        return UInt8(truncatingIfNeeded: combiningClass)
    }

    /// Calls `body` with the code points of the full canonical decomposition, which is the code point itself for most.
    static func decompose(_ codePoint: UInt32, _ body: (UInt32) -> Void) {
        // No canonical decomposition has more than four code points (Unicode Standard Annex #15, 13).
        var parts = InlineArray<4, utf8proc_int32_t>(repeating: 0)
        var boundClass: Int32 = 0
        var mutableParts = parts.mutableSpan
        let count = unsafe mutableParts.withUnsafeMutableBufferPointer { buffer in
            unsafe utf8proc_decompose_char(
                utf8proc_int32_t(codePoint), buffer.baseAddress, buffer.count, UTF8PROC_DECOMPOSE, &boundClass)
        }
        let isUnchanged = count == 1 && UInt32(parts[0]) == codePoint
        guard !isUnchanged, !isListed(codePoint, in: normalizedAfterUnicode9) else { return body(codePoint) }
        for index in 0..<count {
            body(UInt32(parts[index]))
        }
    }

    /// Calls `body` with the code points of the lower-case form, without regard to the letters around it.
    static func lowercase(_ codePoint: UInt32, _ body: (UInt32) -> Void) {
        switch codePoint {
        // Full case mapping, which utf8proc lacks; there is no other of more than one code point (SpecialCasing.txt).
        case 0x0130:
            body(0x69)
            body(0x307)
        // Capitals of Unicode 16 and 17, and their small letters.
        case 0x1C89, 0xA7CC, 0xA7CE, 0xA7D2, 0xA7D4, 0xA7DA: body(codePoint + 1)
        case 0xA7CB: body(0x264)
        case 0xA7DC: body(0x19B)
        case 0x10D50...0x10D65: body(codePoint + 0x20)
        case 0x16EA0...0x16EB8: body(codePoint + 0x1B)
        default: body(UInt32(utf8proc_tolower(utf8proc_int32_t(codePoint))))
        }
    }
}

// MARK: - Differences

extension UnicodeProperties {
    /// Stretches with controls, nonspacing marks and punctuation that Unicode 8.0 does not have as such.
    private static let categorizedAfterUnicode8: [ClosedRange<UInt32>] = [
        0x05C8...0x05C9, 0x061D...0x061D, 0x07FD...0x07FD, 0x0890...0x08E2, 0x09FD...0x09FE, 0x0A76...0x0A76,
        0x0AFA...0x0AFF, 0x0B53...0x0B55, 0x0C04...0x0C3C, 0x0C77...0x0C77, 0x0C84...0x0C84, 0x0D00...0x0D00,
        0x0D3B...0x0D3C, 0x0D81...0x0D81, 0x0EBA...0x0EBA, 0x0ECE...0x0ECE, 0x180F...0x1886, 0x1ABF...0x1AF0,
        0x1B4E...0x1B4F, 0x1B7D...0x1B7F, 0x1DF6...0x1DFB, 0x2E43...0x2E63, 0xA82C...0xA82C, 0xA8C5...0xA8C5,
        0xA8FF...0xA8FF, 0xA9BD...0xA9BD, 0x10D24...0x10F89, 0x11070...0x11074, 0x110C2...0x110CD, 0x111CF...0x111CF,
        0x1123E...0x11241, 0x1133B...0x1133B, 0x113BB...0x1145E, 0x11660...0x1166C, 0x116B9...0x116B9,
        0x1182F...0x11FFF, 0x12FF1...0x1612F, 0x16D6D...0x16F4F, 0x16FE2...0x16FE4, 0x1CF00...0x1D128,
        0x1D25B...0x1D25C, 0x1E000...0x1E6F5, 0x1E944...0x1E95F,
    ]

    /// Stretches with combining classes and decompositions that Unicode 9.0 does not have.
    private static let normalizedAfterUnicode9: [ClosedRange<UInt32>] = [
        0x05C8...0x05C9, 0x07FD...0x07FD, 0x0897...0x08D3, 0x09FE...0x09FE, 0x0C3C...0x0C3C, 0x0D3B...0x0D3C,
        0x0EBA...0x0EBA, 0x1715...0x1715, 0x1ABF...0x1AF0, 0x1DF6...0x1DFA, 0xA82C...0xA82C, 0x105C9...0x105E4,
        0x10D24...0x10F85, 0x11070...0x11070, 0x1133B...0x1133B, 0x11383...0x113D0, 0x1145E...0x1145E,
        0x11839...0x11A99, 0x11D42...0x1612F, 0x16D68...0x16FF1, 0x1D127...0x1D128, 0x1D250...0x1D281,
        0x1E08F...0x1E6F5,
    ]

    /// Word characters that Unicode 15 and 16 added, which the reference's regular expressions know.
    private static let wordCharactersAfterUnicode14: [ClosedRange<UInt32>] = [
        0x0897...0x0897, 0x0CF3...0x0CF3, 0x0ECE...0x0ECE, 0x1C89...0x1C8A, 0xA7CB...0xA7CD, 0xA7DA...0xA7DC,
        0x105C0...0x105F3, 0x10D40...0x10D65, 0x10D69...0x10D6D, 0x10D6F...0x10D85, 0x10EC2...0x10EC4,
        0x10EFC...0x10EFF, 0x1123F...0x11241, 0x11380...0x11389, 0x1138B...0x1138B, 0x1138E...0x1138E,
        0x11390...0x113B5, 0x113B7...0x113C0, 0x113C2...0x113C2, 0x113C5...0x113C5, 0x113C7...0x113CA,
        0x113CC...0x113D3, 0x113E1...0x113E2, 0x116D0...0x116E3, 0x11BC0...0x11BE0, 0x11BF0...0x11BF9,
        0x11F00...0x11F10, 0x11F12...0x11F3A, 0x11F3E...0x11F42, 0x11F50...0x11F5A, 0x1342F...0x1342F,
        0x13440...0x13455, 0x13460...0x143FA, 0x16100...0x16139, 0x16D40...0x16D6C, 0x16D70...0x16D79,
        0x18CFF...0x18CFF, 0x1B132...0x1B132, 0x1B155...0x1B155, 0x1CCF0...0x1CCF9, 0x1DF25...0x1DF2A,
        0x1E030...0x1E06D, 0x1E08F...0x1E08F, 0x1E4D0...0x1E4F9, 0x1E5D0...0x1E5FA, 0x2B739...0x2B739,
        0x2EBF0...0x2EE5D, 0x31350...0x323AF,
    ]

    /// Binary search in ascending ranges.
    private static func isListed(_ codePoint: UInt32, in ranges: [ClosedRange<UInt32>]) -> Bool {
        var lower = 0
        var upper = ranges.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if ranges[middle].upperBound < codePoint {
                lower = middle + 1
            } else {
                upper = middle
            }
        }
        return lower < ranges.count && ranges[lower].lowerBound <= codePoint
    }
}
