namespace Tenon.Browser.Tests.Hiring;

/// <summary>What the seed of apps/hiring promises to hold.</summary>
internal static class Demo
{
    public const string Recruiter = "recruiter@acme.test";
    public const string Interviewer = "interviewer@acme.test";
    public const string Candidate = "candidate@example.test";
    public const string AcmeRole = "00000000-0000-4000-8000-0000000000b1";

    /// <summary>A name no other run has used, so that the tests may share one server.</summary>
    public static string NewName(string first) => $"{first}{Guid.NewGuid():N}"[..12];

    public static string RolePage => $"/roles/{AcmeRole}";

    public static string ShortlistPage => $"/hiring/roles/{AcmeRole}";
}
