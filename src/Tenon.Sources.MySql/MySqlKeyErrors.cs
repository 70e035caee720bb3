using System.Text.RegularExpressions;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>
/// The names that the database's errors about keys hold, in PostgreSQL's sentences. Values are left out: every table of an
/// attached source has row policies, under which PostgreSQL tells none. isOf: whether a table is the one of this database of
/// the server; one of the same name in a database that is not attached is a table nobody knows.
/// </summary>
internal sealed partial class MySqlKeyErrors(string source, Func<QualifiedName, string, bool> isOf, ErrorKnowledge caller)
{
    private const string Key = " for key '";

    public Error Of(Error error, string text) =>
        error.Code == ErrorCodes.UniqueViolation ? OfUnique(error, text)
        : error.Code == ErrorCodes.ForeignKeyViolation ? OfReference(error, text)
        : error;

    // "Duplicate entry 'x' for key 'name'": the entry may say the same words, so the last are meant. MySQL names the table in front.
    private static Error OfUnique(Error error, string text)
    {
        int start = text.LastIndexOf(Key, StringComparison.Ordinal);
        string name = start < 0 ? "" : text[(start + Key.Length)..].TrimEnd('\'');
        return name.Length == 0 ? error : ErrorKnowledge.Duplicate(name[(name.LastIndexOf('.') + 1)..], null);
    }

    private Error OfReference(Error error, string text)
    {
        Match names = Reference().Match(text);
        if (!names.Success)
        {
            return error;
        }
        string database = Plain(names, "database");
        Table? child = Find(database, Plain(names, "table"));
        Table? target = Find(names.Groups["other"].Success ? Plain(names, "other") : database, Plain(names, "target"));
        string constraint = Plain(names, "key");
        return text.StartsWith("Cannot delete", StringComparison.Ordinal)
                ? caller.StillReferenced(target?.Name.Name ?? "", target is null ? null : child, constraint, ErrorKnowledge.Untold)
            : child is null ? error
            : caller.NotPresent(child, constraint, target, ErrorKnowledge.Untold);
    }

    private Table? Find(string database, string table)
    {
        var name = new QualifiedName(source, table);
        return isOf(name, database) ? caller.Find(name) : null;
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
        @"\((?<quote>[`""])(?<database>" + Name + @")\k<quote>\.\k<quote>(?<table>" + Name + @")\k<quote>, CONSTRAINT \k<quote>(?<key>" + Name
            + @")\k<quote> FOREIGN KEY \(.+?\) REFERENCES (?:\k<quote>(?<other>" + Name + @")\k<quote>\.)?\k<quote>(?<target>" + Name + @")\k<quote> \(",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Reference();
}
