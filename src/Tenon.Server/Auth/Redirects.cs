using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth;

/// <summary>
/// Where a sign-in may return to: the site itself, or what the allow-list names. Judged on the text that is sent back, by
/// rules that leave a browser nothing to read differently; anything else is answered with the site's own address.
/// </summary>
internal sealed partial class Redirects
{
    private const int Longest = 2048;

    // Schemes that run or show what they carry instead of leading somewhere.
    private static readonly string[] Forbidden =
    [
        "javascript", "data", "vbscript", "file", "blob", "about", "view-source", "filesystem", "jar", "ws", "wss", "ftp",
    ];

    private readonly string site;
    private readonly Target? home;
    private readonly ImmutableArray<Pattern> allowed;

    public Redirects(AuthOptions options)
    {
        site = options.SiteUrl;
        home = Target.Read(options.SiteUrl.TrimEnd('/') is { Length: > 0 } text ? text : options.SiteUrl);
        allowed = [.. options.AdditionalRedirectUrls.Where(text => text.Length > 0).Select(Pattern.Of)];
    }

    /// <summary>The address a request asks to return to (query redirect_to, else the header of that name), or the site's.</summary>
    public string Of(HttpContext context, string? fromBody = null)
    {
        string asked = context.Request.Query["redirect_to"].ToString() is { Length: > 0 } query ? query
            : fromBody is { Length: > 0 } ? fromBody
            : context.Request.Headers["redirect_to"].ToString();
        return IsAllowed(asked) ? asked : site;
    }

    public bool IsAllowed(string text)
    {
        if (text.Length is 0 or > Longest || Target.Read(text) is not { } target)
        {
            return false;
        }
        return IsHome(target) || allowed.Any(pattern => pattern.Matches(target));
    }

    // A native app listens on whatever port is free: on this machine the port is not compared (RFC 8252 §7.3).
    private bool IsHome(Target target) =>
        home is not null
        && target.IsWeb
        && target.Scheme == home.Scheme
        && target.Host == home.Host
        && (target.Port == home.Port || target.IsLoopback);

    /// <summary>An address taken apart: only what every reader takes apart the same way.</summary>
    private sealed partial record Target(string Scheme, string Authority, string Host, string Port, string Rest)
    {
        public bool IsWeb => Scheme is "http" or "https";

        public bool IsLoopback => Host is "localhost" or "127.0.0.1" or "[::1]";

        public static Target? Read(string text)
        {
            int colon = text.IndexOf(':');
            if (colon <= 0 || text.Any(c => c is <= ' ' or >= '\x7f' or '\\' or '"' or '<' or '>' or '`' or '^' or '{' or '|' or '}' or '#'))
            {
                return null;
            }
            string scheme = text[..colon].ToLowerInvariant();
            if (!SchemeShape().IsMatch(scheme) || Forbidden.Contains(scheme))
            {
                return null;
            }
            string after = text[(colon + 1)..];
            if (!after.StartsWith("//", StringComparison.Ordinal))
            {
                // com.example.app:/callback (RFC 8252 §7.1); a web address without // is a trick.
                return scheme is "http" or "https" ? null : new Target(scheme, "", "", "", after);
            }
            int end = after.AsSpan(2).IndexOfAny('/', '?');
            string authority = end < 0 ? after[2..] : after[2..(end + 2)];
            string rest = end < 0 ? "" : after[(end + 2)..];
            if (authority.Contains('@') || HasDotSegment(rest))
            {
                return null;
            }
            var target = new Target(scheme, authority, authority, "", rest);
            return target.IsWeb ? WithHost(target) : target;
        }

        private static Target? WithHost(Target target)
        {
            Match match = AuthorityShape().Match(target.Authority);
            if (!match.Success)
            {
                return null;
            }
            string host = match.Groups["host"].Value.ToLowerInvariant();
            string port = match.Groups["port"].Value;
            string standard = target.Scheme == "https" ? "443" : "80";
            Target read = target with { Host = host, Port = port.Length == 0 ? standard : port };
            return read.IsLoopback || !IsNumeric(host) ? read : null;
        }

        // A last label of digits or hexadecimal makes the whole host an IPv4 address to a browser (WHATWG URL, host parsing).
        private static bool IsNumeric(string host)
        {
            string last = host[(host.LastIndexOf('.') + 1)..];
            return last.Length == 0 || last.All(char.IsAsciiDigit) || last.StartsWith("0x", StringComparison.Ordinal) || host[0] == '[';
        }

        private static bool HasDotSegment(string rest)
        {
            int query = rest.IndexOf('?');
            string path = (query < 0 ? rest : rest[..query]).Replace("%2e", ".", StringComparison.OrdinalIgnoreCase);
            return path.Split('/').Any(segment => segment is "." or "..");
        }

        [GeneratedRegex(@"\A[a-z][a-z0-9+._-]*\z", RegexOptions.CultureInvariant)]
        private static partial Regex SchemeShape();

        // Of a text of at most 2,048 characters, and at each step back it fails at once: linear, and compiled beforehand,
        // which an expression without backtracking never is.
        [GeneratedRegex(
            @"\A(?<host>\[::1\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::(?<port>[0-9]{1,5}))?\z",
            RegexOptions.CultureInvariant
        )]
        private static partial Regex AuthorityShape();
    }

    /// <summary>
    /// One entry of the allow-list: * stands for a run without dot and slash, ** for any run, ? for one such character,
    /// [abc] and {a,b} for choices. Authority and path are compared apart, so no wildcard reaches over the first slash.
    /// </summary>
    private sealed record Pattern(string Scheme, Regex Authority, Regex Rest)
    {
        public static Pattern Of(string text)
        {
            int colon = text.IndexOf(':');
            if (colon <= 0)
            {
                throw new InvalidOperationException($"[auth] additional_redirect_urls: \"{text}\" has no scheme (https://…)");
            }
            string scheme = text[..colon].ToLowerInvariant();
            string after = text[(colon + 1)..];
            if (!after.StartsWith("//", StringComparison.Ordinal))
            {
                return new Pattern(scheme, Glob.Compile(""), Glob.Compile(after));
            }
            int end = after.AsSpan(2).IndexOfAny('/', '?');
            bool question = end >= 0 && after[end + 2] == '?' && scheme is not ("http" or "https");
            end = question ? -1 : end;
            string authority = end < 0 ? after[2..] : after[2..(end + 2)];
            // "myapp://**" means everything of that scheme: there the first part is no host.
            bool everything = authority == "**" && end < 0 && scheme is not ("http" or "https");
            return new Pattern(
                scheme,
                Glob.Compile(authority),
                everything ? Glob.Compile("**") : Glob.Compile(end < 0 ? "" : after[(end + 2)..])
            );
        }

        public bool Matches(Target target) =>
            target.Scheme == Scheme && Authority.IsMatch(target.Authority.ToLowerInvariant()) && Rest.IsMatch(target.Rest);
    }

    /// <summary>Shell patterns to regular expressions that cannot backtrack.</summary>
    private static class Glob
    {
        public static Regex Compile(string pattern)
        {
            var regex = new StringBuilder(@"\A");
            for (int i = 0; i < pattern.Length; i++)
            {
                i = Append(regex, pattern, i);
            }
            try
            {
                return new Regex(regex.Append(@"\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            }
            catch (ArgumentException e)
            {
                throw new InvalidOperationException($"[auth] additional_redirect_urls: \"{pattern}\" is not a pattern", e);
            }
        }

        private static int Append(StringBuilder regex, string pattern, int i)
        {
            switch (pattern[i])
            {
                case '*' when i + 1 < pattern.Length && pattern[i + 1] == '*':
                    regex.Append(".*");
                    return i + 1;
                case '*':
                    regex.Append("[^./]*");
                    return i;
                case '?':
                    regex.Append("[^./]");
                    return i;
                case '{':
                    regex.Append("(?:");
                    return i;
                case '}':
                    regex.Append(')');
                    return i;
                case ',':
                    regex.Append(IsInBraces(pattern, i) ? "|" : ",");
                    return i;
                case '[' when pattern.IndexOf(']', i + 1) is > 0 and int close:
                    string set = pattern[(i + 1)..close];
                    regex.Append(set.StartsWith('!') ? "[^" : "[").Append(EscapeSet(set.TrimStart('!'))).Append(']');
                    return close;
                case '\\' when i + 1 < pattern.Length:
                    regex.Append(Regex.Escape(pattern[i + 1].ToString()));
                    return i + 1;
                default:
                    regex.Append(Regex.Escape(pattern[i].ToString()));
                    return i;
            }
        }

        private static string EscapeSet(string set) =>
            set.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("[", @"\[", StringComparison.Ordinal).Replace("^", @"\^", StringComparison.Ordinal);

        private static bool IsInBraces(string pattern, int i) =>
            pattern.LastIndexOf('{', i) is >= 0 and int open && pattern.IndexOf('}', open) > i;
    }
}
