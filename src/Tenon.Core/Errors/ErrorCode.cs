namespace Tenon.Core.Errors;

/// <summary>
/// A stable code: PostgREST's (PGRSTxxx), an SQLSTATE (PostgreSQL, appendix A) or ours (TNxxx), with the HTTP status it
/// answers by default. The closed list is <see cref="ErrorCodes"/>.
/// </summary>
internal readonly record struct ErrorCode(string Text, int Status)
{
    public override string ToString() => Text;
}
