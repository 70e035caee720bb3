namespace Tenon.Server.Auth.Mail;

/// <summary>
/// Which mailboxes mails may go to, by the options alone: asked before anybody looks whether the address is known, so that
/// the answer tells nothing of users.
/// </summary>
internal static class Mailboxes
{
    // RFC 2606 and RFC 6761, and .local of RFC 6762: no mail server will ever stand behind these.
    private static readonly string[] ReservedDomains = ["test", "example", "invalid", "localhost", "local", "example.com", "example.net", "example.org"];

    public static void RequireReachable(string mailbox, AuthEmailOptions options)
    {
        if (options.AuthorizedAddresses.Count > 0 && !options.AuthorizedAddresses.Contains(WithoutLabel(mailbox), StringComparer.OrdinalIgnoreCase))
        {
            throw AuthErrors.EmailAddressNotAuthorized(mailbox).ToException();
        }
        if (options.ExtendedValidation && IsUnreachable(mailbox[(mailbox.IndexOf('@') + 1)..]))
        {
            throw AuthErrors.EmailAddressInvalid(mailbox).ToException();
        }
    }

    /// <summary>ann+shop@b.test reaches ann@b.test.</summary>
    private static string WithoutLabel(string mailbox)
    {
        int at = mailbox.IndexOf('@');
        int plus = mailbox.AsSpan(0, at).IndexOf('+');
        return plus > 0 ? mailbox[..plus] + mailbox[at..] : mailbox;
    }

    private static bool IsUnreachable(string domain) =>
        !domain.Contains('.') || ReservedDomains.Any(reserved => domain == reserved || domain.EndsWith("." + reserved, StringComparison.Ordinal));
}
