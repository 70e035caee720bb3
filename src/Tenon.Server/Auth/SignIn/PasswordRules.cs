using System.Collections.Frozen;
using System.Text;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// What a new password must be (NIST SP 800-63B-4 §3.1.1.2): long enough, any characters, not one that is tried first.
/// No composition rules unless <c>password_requirements</c> asks for them, no expiry.
/// </summary>
internal static class PasswordRules
{
    private const int LargestBytes = 1024;

    // Digits and signs only, up to this length, are dates and telephone numbers more often than not.
    private const int LongestDate = 10;

    // Shorter names are too likely to be part of a good password by chance.
    private const int ShortestName = 4;

    // A listed word with a few digits and signs around it is tried as soon as the word.
    private const int MostDecoration = 4;

    /// <summary>
    /// Refuses a password that is too short, too long, easily guessed, or a name that belongs to the user or the site, with all
    /// the reasons at once. Where it stands alone, without a second factor, it may have to be longer
    /// (<c>minimum_password_length_alone</c>).
    /// </summary>
    public static void Require(string password, AuthOptions options, string? contact, bool alone = true)
    {
        int least = alone ? Math.Max(options.MinimumPasswordLength, options.MinimumPasswordLengthAlone) : options.MinimumPasswordLength;
        bool isShort = IsTooShort(password, least);
        bool isKnown =
            password.Length > 0
            && (IsCommon(password) || options.BlockedPasswords.Contains(password.ToLowerInvariant()) || IsOwnName(password, contact) || IsOfSite(password, options, contact));
        Refuse(
            [
                isShort ? TooShort(least) : default,
                HasCharacters(password, options.PasswordRequirements) ? default
                    : ("characters", $"Password should contain what {options.PasswordRequirements} asks for: {options.PasswordRequirements.Replace('_', ' ')}."),
                isKnown ? ("pwned", "Password is known to be weak and easy to guess, please choose a different one.") : default,
            ]
        );
    }

    /// <summary>A user made by an administrator brings along whatever is long enough, as in GoTrue; a change is held to every rule.</summary>
    public static void RequireLength(string password, AuthOptions options) =>
        Refuse([IsTooShort(password, options.MinimumPasswordLength) ? TooShort(options.MinimumPasswordLength) : default]);

    private static void Refuse((string? Reason, string Message)[] found)
    {
        (string? Reason, string Message)[] faults = [.. found.Where(one => one.Reason is not null)];
        if (faults.Length > 0)
        {
            throw AuthErrors.WeakPassword(string.Join(' ', faults.Select(fault => fault.Message)), [.. faults.Select(fault => fault.Reason!)]).ToException();
        }
    }

    private static (string, string) TooShort(int least) => ("length", $"Password should be at least {least} characters.");

    private static bool IsTooShort(string password, int least) =>
        Encoding.UTF8.GetByteCount(password) > LargestBytes
            ? throw AuthErrors.ValidationFailed($"Password cannot be longer than {LargestBytes} bytes").ToException()
            : password.EnumerateRunes().Count() < least;

    /// <summary>Supabase's composition rules, for who must have them.</summary>
    private static bool HasCharacters(string password, string requirements) =>
        requirements switch
        {
            "letters_digits" => password.Any(char.IsLetter) && password.Any(char.IsDigit),
            "lower_upper_letters_digits" => IsMixed(password),
            "lower_upper_letters_digits_symbols" => IsMixed(password) && password.Any(c => !char.IsLetterOrDigit(c)),
            _ => true,
        };

    private static bool IsMixed(string password) => password.Any(char.IsLower) && password.Any(char.IsUpper) && password.Any(char.IsDigit);

    /// <summary>The address, its part before the @, or the number, bare or decorated with digits and signs.</summary>
    internal static bool IsOwnName(string password, string? contact)
    {
        if (contact is null)
        {
            return false;
        }
        string plain = password.Trim().ToLowerInvariant();
        string name = contact.Split('@')[0];
        return plain == contact || (name.Length >= ShortestName && (plain == name || Stem(plain) == name));
    }

    /// <summary>The name of the site, or of the host of the user's mailbox, bare or decorated.</summary>
    private static bool IsOfSite(string password, AuthOptions options, string? contact)
    {
        string plain = password.Trim().ToLowerInvariant();
        string stem = Stem(plain);
        string[] hosts = [HostOf(options.SiteUrl), HostOf(options.PublicUrl), contact?.Split('@') is [_, var host] ? host : ""];
        return hosts.Any(host => host.Length > 0 && (plain == host || Labels(host).Any(label => plain == label || stem == label)));
    }

    private static string HostOf(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) ? uri.Host.ToLowerInvariant() : "";

    // The last label is a country or a kind of site; numbers are no names.
    private static IEnumerable<string> Labels(string host) =>
        host.Split('.')[..^1].Where(label => label.Length >= ShortestName && label.Any(char.IsLetter));

    /// <summary>Runs, repetitions and decorated favourites, found by shape; and what the lists hold.</summary>
    internal static bool IsCommon(string password)
    {
        string plain = password.Trim().ToLowerInvariant();
        string stem = Stem(plain);
        return IsRepetition(plain)
            || IsRun(plain)
            || (stem.Length == 0 && plain.Length <= LongestDate)
            || CommonPasswords.Contains(plain)
            || (stem.Length > 0 && plain.Length - stem.Length <= MostDecoration && IsListed(stem))
            || Favourites.Contains(stem)
            || Favourites.Contains(Unleet(stem))
            || Favourites.Contains(Stem(Unleet(plain)));
    }

    private static bool IsListed(string stem) => CommonPasswords.Contains(stem) || CommonPasswords.Contains(Unleet(stem));

    /// <summary>A piece of at most three characters over and over.</summary>
    private static bool IsRepetition(string text)
    {
        for (int period = 1; period <= 3; period++)
        {
            bool same = text.Length > period;
            for (int i = period; same && i < text.Length; i++)
            {
                same = text[i] == text[i - period];
            }
            if (same)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>A stretch of the alphabet, the digits or a keyboard's row or column, in either direction.</summary>
    private static bool IsRun(string text) =>
        Array.Exists(Runs, run => run.Contains(text, StringComparison.Ordinal))
        || Array.Exists(Runs, run => run.Contains(new string([.. text.Reverse()]), StringComparison.Ordinal));

    /// <summary>Without the digits and signs people put around a word.</summary>
    private static string Stem(string text)
    {
        ReadOnlySpan<char> span = text;
        while (span.Length > 0 && !char.IsLetter(span[^1]))
        {
            span = span[..^1];
        }
        while (span.Length > 0 && !char.IsLetter(span[0]))
        {
            span = span[1..];
        }
        return span.ToString();
    }

    private static string Unleet(string text) =>
        text.Replace('0', 'o').Replace('1', 'l').Replace('3', 'e').Replace('4', 'a').Replace('5', 's').Replace('7', 't')
            .Replace('@', 'a').Replace('$', 's');

    private static readonly string[] Runs =
    [
        "01234567890123456789",
        "abcdefghijklmnopqrstuvwxyz",
        "qwertyuiopasdfghjklzxcvbnm",
        "qwertzuiopasdfghjklyxcvbnm",
        "azertyuiopqsdfghjklmwxcvbn",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
        "1q2w3e4r5t6y7u8i9o0p",
        "qazwsxedcrfvtgbyhnujm",
        "zaq12wsxcde34rfv",
        "!@#$%^&*()",
    ];

    private static readonly FrozenSet<string> Favourites = (
        "admin administrator angel asdf baseball basketball batman changeme charlie cheese chocolate computer cookie default"
        + " dragon flower football freedom guest hello helloworld hunter iloveyou internet jennifer jessica jordan killer"
        + " letmein login loveme lovely master michael monkey monkeys nothing pass passpass passphrase passw password"
        + " passwordpassword passwort pokemon princess qwer qwert qwerty qwertz azerty samsung secret shadow starwars summer"
        + " winter spring autumn sunshine superman supersecret test testing testtest trustno user welcome whatever zxcvbn abc abcd"
    )
        .Split(' ')
        .ToFrozenSet(StringComparer.Ordinal);
}
