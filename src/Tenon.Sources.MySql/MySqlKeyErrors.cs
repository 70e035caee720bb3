using System.Text.RegularExpressions;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>
/// The names that the database's errors about keys hold, in PostgreSQL's sentences. Values are left out: every table of an
/// attached source has row policies, under which PostgreSQL tells none.
/// </summary>
internal static partial class MySqlKeyErrors
{
    private const string Key = " for key '";

    public static Error Of(Error error, string text, string source, ErrorKnowledge caller) =>
        error.Code == ErrorCodes.UniqueViolation ? OfUnique(error, text)
        : error.Code == ErrorCodes.ForeignKeyViolation ? OfReference(error, text, source, caller)
        : error;

    // "Duplicate entry 'x' for key 'name'": the entry may say the same words, so the last are meant. MySQL names the table in front.
    private static Error OfUnique(Error error, string text)
    {
        int start = text.LastIndexOf(Key, StringComparison.Ordinal);
        string name = start < 0 ? "" : text[(start + Key.Length)..].TrimEnd('\'');
        return name.Length == 0 ? error : ErrorKnowledge.Duplicate(name[(name.LastIndexOf('.') + 1)..], null);
    }

    private static Error OfReference(Error error, string text, string source, ErrorKnowledge caller)
    {
        Match names = Reference().Match(text);
        if (!names.Success)
        {
            return error;
        }
        Table? child = caller.Find(new QualifiedName(source, Plain(names, "table")));
        string target = Plain(names, "target");
        string constraint = Plain(names, "key");
        return text.StartsWith("Cannot delete", StringComparison.Ordinal) ? caller.StillReferenced(target, child, constraint, ErrorKnowledge.Untold)
            : child is null ? error
            : caller.NotPresent(child, constraint, caller.Find(new QualifiedName(source, target)), ErrorKnowledge.Untold);
    }

    private static string Plain(Match names, string group)
    {
        string quote = names.Groups["quote"].Value;
        return names.Groups[group].Value.Replace(quote + quote, quote, StringComparison.Ordinal);
    }

    // (`database`.`table`, CONSTRAINT `key` FOREIGN KEY (`column`) REFERENCES `target` (…)): names stand in the quotes of the session,
    // that of the target behind its database's where it is in another one.
    private const string Name = @"(?:(?!\k<quote>).|\k<quote>{2})+";

    [GeneratedRegex(
        @"\((?<quote>[`""])" + Name + @"\k<quote>\.\k<quote>(?<table>" + Name + @")\k<quote>, CONSTRAINT \k<quote>(?<key>" + Name
            + @")\k<quote> FOREIGN KEY \(.+?\) REFERENCES (?:\k<quote>" + Name + @"\k<quote>\.)?\k<quote>(?<target>" + Name + @")\k<quote> \(",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Reference();
}
