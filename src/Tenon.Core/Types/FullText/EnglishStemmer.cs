namespace Tenon.Core.Types.FullText;

/// <summary>
/// English stems by the Snowball project's English algorithm (Porter 2), as PostgreSQL's dictionary english_stem gives them:
/// connection, connected and connecting all become connect. A test compares it with PostgreSQL on a long list of words.
/// </summary>
internal static class EnglishStemmer
{
    private const char ConsonantY = 'Y';

    private static readonly Dictionary<string, string> Exceptions = new(StringComparer.Ordinal)
    {
        ["skis"] = "ski", ["skies"] = "sky", ["dying"] = "die", ["lying"] = "lie", ["tying"] = "tie", ["idly"] = "idl",
        ["gently"] = "gentl", ["ugly"] = "ugli", ["early"] = "earli", ["only"] = "onli", ["singly"] = "singl", ["sky"] = "sky",
        ["news"] = "news", ["howe"] = "howe", ["atlas"] = "atlas", ["cosmos"] = "cosmos", ["bias"] = "bias", ["andes"] = "andes",
    };

    private static readonly HashSet<string> Kept = new(StringComparer.Ordinal)
    {
        "inning", "outing", "canning", "herring", "earring", "proceed", "exceed", "succeed",
    };

    // Longest first: the first suffix that fits is the one that counts, whatever its condition then says.
    private static readonly (string Suffix, string With)[] Second = Sorted(
        ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("abli", "able"), ("entli", "ent"), ("izer", "ize"),
        ("ization", "ize"), ("ational", "ate"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"), ("aliti", "al"),
        ("alli", "al"), ("fulness", "ful"), ("ousli", "ous"), ("ousness", "ous"), ("iveness", "ive"), ("iviti", "ive"),
        ("biliti", "ble"), ("bli", "ble"), ("ogi", "og"), ("fulli", "ful"), ("lessli", "less"), ("li", "")
    );

    private static readonly (string Suffix, string With)[] Third = Sorted(
        ("tional", "tion"), ("ational", "ate"), ("alize", "al"), ("icate", "ic"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""),
        ("ness", ""), ("ative", "")
    );

    private static readonly (string Suffix, string With)[] Fourth = Sorted(
        ("al", ""), ("ance", ""), ("ence", ""), ("er", ""), ("ic", ""), ("able", ""), ("ible", ""), ("ant", ""), ("ement", ""),
        ("ment", ""), ("ent", ""), ("ism", ""), ("ate", ""), ("iti", ""), ("ous", ""), ("ive", ""), ("ize", ""), ("ion", "")
    );

    private static readonly string[] FirstB = ["ingly", "eedly", "edly", "eed", "ing", "ed"];
    private static readonly string[] FirstA = ["sses", "ied", "ies", "us", "ss", "s"];
    private static readonly string[] RegionPrefixes = ["gener", "commun", "arsen"];

    private static (string Suffix, string With)[] Sorted(params (string Suffix, string With)[] rules) =>
        [.. rules.OrderByDescending(r => r.Suffix.Length)];

    /// <summary>The stem of a word in lower case.</summary>
    public static string Stem(string word)
    {
        if (Exceptions.TryGetValue(word, out string? known))
        {
            return known;
        }
        return CodePoints.Count(word) <= 2 ? word : new Work(word).Run();
    }

    private static bool IsVowel(char c) => c is 'a' or 'e' or 'i' or 'o' or 'u' or 'y';

    /// <summary>One word on its way to its stem. Regions 1 and 2 are what follows the first and the second syllable.</summary>
    private ref struct Work
    {
        private readonly char[] word;
        private int length;
        private int region1;
        private int region2;

        public Work(string text)
        {
            word = new char[text.Length + 1];
            text.CopyTo(0, word, 0, text.Length);
            length = text.Length;
        }

        private readonly ReadOnlySpan<char> Text => word.AsSpan(0, length);

        public string Run()
        {
            MarkConsonants();
            MarkRegions();
            StepPlural();
            if (!Kept.GetAlternateLookup<ReadOnlySpan<char>>().Contains(Text))
            {
                StepPast();
                StepY();
                StepSecond();
                StepThird();
                StepFourth();
                StepLast();
            }
            Text.Replace(word.AsSpan(0, length), ConsonantY, 'y');
            return new string(Text);
        }

        private readonly void MarkConsonants()
        {
            for (int i = 0; i < length; i++)
            {
                if (word[i] == 'y' && (i == 0 || IsVowel(word[i - 1])))
                {
                    word[i] = ConsonantY;
                }
            }
        }

        private void MarkRegions()
        {
            region1 = length;
            foreach (string prefix in RegionPrefixes)
            {
                if (Text.StartsWith(prefix))
                {
                    region1 = prefix.Length;
                    region2 = After(region1);
                    return;
                }
            }
            region1 = After(0);
            region2 = After(region1);
        }

        /// <summary>Behind the first consonant that follows a vowel.</summary>
        private readonly int After(int from)
        {
            int i = from;
            while (i < length && !IsVowel(word[i]))
            {
                i++;
            }
            while (i < length && IsVowel(word[i]))
            {
                i++;
            }
            return Math.Min(i + 1, length);
        }

        private readonly bool Ends(string suffix) => Text.EndsWith(suffix);

        private readonly bool HasVowel(int before) => word.AsSpan(0, before).ContainsAny("aeiouy");

        private void Replace(int suffix, string with)
        {
            length -= suffix;
            with.CopyTo(0, word, length, with.Length);
            length += with.Length;
        }

        private readonly string? Longest(string[] suffixes)
        {
            foreach (string suffix in suffixes)
            {
                if (Ends(suffix))
                {
                    return suffix;
                }
            }
            return null;
        }

        private void StepPlural()
        {
            switch (Longest(FirstA))
            {
                case "sses":
                    Replace(4, "ss");
                    break;
                case "ied" or "ies":
                    Replace(3, CodePoints.Count(Text[..^3]) > 1 ? "i" : "ie");
                    break;
                case "s" when length >= 2 && HasVowel(length - 2):
                    length--;
                    break;
            }
        }

        private void StepPast()
        {
            string? suffix = Longest(FirstB);
            if (suffix is null)
            {
                return;
            }
            if (suffix[0] == 'e' && suffix.Length > 2 && suffix[1] == 'e')
            {
                if (length - suffix.Length >= region1)
                {
                    Replace(suffix.Length, "ee");
                }
                return;
            }
            if (!HasVowel(length - suffix.Length))
            {
                return;
            }
            length -= suffix.Length;
            if (Ends("at") || Ends("bl") || Ends("iz"))
            {
                Replace(0, "e");
            }
            else if (IsDouble())
            {
                length--;
            }
            else if (length == region1 && IsShortSyllable(length))
            {
                Replace(0, "e");
            }
        }

        private readonly bool IsDouble() => length >= 2 && word[length - 1] == word[length - 2] && "bdfgmnprt".Contains(word[length - 1]);

        /// <summary>Does a short syllable end there? Consonant, vowel, consonant; or vowel, consonant at the start.</summary>
        private readonly bool IsShortSyllable(int end)
        {
            if (end < 2 || IsVowel(word[end - 1]) || !IsVowel(word[end - 2]))
            {
                return false;
            }
            return end == 2 || (word[end - 1] is not ('w' or 'x' or ConsonantY) && !IsVowel(word[end - 3]));
        }

        private readonly void StepY()
        {
            if (length > 2 && (word[length - 1] is 'y' or ConsonantY) && !IsVowel(word[length - 2]))
            {
                word[length - 1] = 'i';
            }
        }

        private void StepSecond()
        {
            foreach ((string suffix, string with) in Second)
            {
                if (Ends(suffix))
                {
                    int start = length - suffix.Length;
                    bool fits = suffix switch
                    {
                        "ogi" => start > 0 && word[start - 1] == 'l',
                        "li" => start > 0 && "cdeghkmnrt".Contains(word[start - 1]),
                        _ => true,
                    };
                    if (start >= region1 && fits)
                    {
                        Replace(suffix.Length, with);
                    }
                    return;
                }
            }
        }

        private void StepThird()
        {
            foreach ((string suffix, string with) in Third)
            {
                if (Ends(suffix))
                {
                    if (length - suffix.Length >= (suffix == "ative" ? region2 : region1))
                    {
                        Replace(suffix.Length, with);
                    }
                    return;
                }
            }
        }

        private void StepFourth()
        {
            foreach ((string suffix, _) in Fourth)
            {
                if (Ends(suffix))
                {
                    int start = length - suffix.Length;
                    if (start >= region2 && (suffix != "ion" || (start > 0 && (word[start - 1] is 's' or 't'))))
                    {
                        length = start;
                    }
                    return;
                }
            }
        }

        private void StepLast()
        {
            int start = length - 1;
            if (start < 0)
            {
                return;
            }
            bool goes = word[start] switch
            {
                'e' => start >= region2 || (start >= region1 && !IsShortSyllable(start)),
                'l' => start >= region2 && start > 0 && word[start - 1] == 'l',
                _ => false,
            };
            length -= goes ? 1 : 0;
        }
    }
}
