using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Sources;
using Tenon.Sources.Sqlite;

namespace Tenon.Server.Tests.Architecture;

/// <summary>The one door to rows: what is guarded is made by the policy binder alone, and only guarded things become SQL.</summary>
public sealed class PolicyDoorTests
{
    private static readonly Assembly[] Product = [typeof(PolicyBinder).Assembly, typeof(Source).Assembly, typeof(Caller).Assembly];

    [Theory]
    [InlineData(typeof(GuardedRead))]
    [InlineData(typeof(GuardedSelect))]
    [InlineData(typeof(GuardedWrite))]
    [InlineData(typeof(GuardedTable))]
    public void Guarded_things_have_private_constructors(Type guarded)
    {
        ConstructorInfo[] all = guarded.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        Assert.NotEmpty(all);
        Assert.All(all, constructor => Assert.True(constructor.IsPrivate, $"{guarded.Name} has a constructor that is not private"));
        Assert.True(guarded.IsSealed, $"{guarded.Name} is not sealed");
    }

    [Theory]
    [InlineData(typeof(GuardedRead))]
    [InlineData(typeof(GuardedSelect))]
    [InlineData(typeof(GuardedWrite))]
    public void What_makes_a_guarded_thing_takes_the_binder(Type guarded)
    {
        MethodInfo[] makers =
        [
            .. guarded.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
                .Where(m => m.ReturnType == guarded || m.ReturnType.GenericTypeArguments.Contains(guarded)),
        ];
        Assert.NotEmpty(makers);
        Assert.All(makers, m => Assert.Contains(m.GetParameters(), p => p.ParameterType == typeof(PolicyBinder)));
    }

    [Fact]
    public void Only_the_binder_opens_the_door()
    {
        Type[] derived = [.. Product.SelectMany(a => a.GetTypes()).Where(t => t.IsSubclassOf(typeof(GuardedTable.Door)))];
        Assert.Equal([typeof(PolicyBinder)], derived);
        Finding.None(
            from file in SourceTree.Product
            where !file.Path.StartsWith("src/Tenon.Core/Policies/", StringComparison.Ordinal)
            from name in file.All<SimpleNameSyntax>()
            where name.Identifier.Text is "Door" or "Admit"
            select file.Breach(name, "one policy door", "only the policy binder makes guarded tables")
        );
    }

    [Fact]
    public void Rows_by_key_are_read_only_where_a_guarded_write_runs() =>
        Finding.None(
            from file in SourceTree.Product
            where file.Project != "Tenon.Core" && !(file.Project.StartsWith("Tenon.Sources", StringComparison.Ordinal) && file.Path.Contains("/Writing/"))
            from name in file.All<SimpleNameSyntax>()
            where name.Identifier.Text == nameof(GuardedWrite.RowsByKey)
            select file.Breach(name, "one policy door", "only an engine's Writing folder reads back the rows of a guarded write")
        );

    /// <summary>Where an engine names a table in SQL by itself: statements that run for a guarded write or a referential action.</summary>
    private static bool WritesRowStatements(SourceFile file) =>
        file.Path.EndsWith("/Writing/TableProgram.cs", StringComparison.Ordinal)
        || file.Path.EndsWith("/Writing/PostgresWriteDialect.cs", StringComparison.Ordinal);

    [Fact]
    public void Table_names_become_SQL_in_the_writer_and_in_row_statements_alone() =>
        Finding.None(
            from file in SourceTree.Product
            where !file.Path.StartsWith("src/Tenon.Core/Sql/", StringComparison.Ordinal) && !WritesRowStatements(file) && !WritesSchema(file)
            from call in file.All<InvocationExpressionSyntax>()
            where call.Expression is IdentifierNameSyntax { Identifier.Text: "TableName" } && file.Project.StartsWith("Tenon.Sources", StringComparison.Ordinal)
            select file.Breach(call, "one policy door", "give the writer a guarded table")
        );

    [Fact]
    public void Lowering_takes_guarded_reads_alone()
    {
        MethodInfo[] entries = typeof(ReadLowering).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly);
        Assert.NotEmpty(entries);
        Assert.All(entries, e => Assert.Equal([typeof(GuardedRead)], e.GetParameters().Select(p => p.ParameterType)));
    }

    [Fact]
    public void A_table_that_no_policy_has_seen_does_not_become_SQL()
    {
        var name = new QualifiedName("public", "secrets");
        var unguarded = new Select(
            new SelectCore([new SelectItem(new ColumnExpr("s", "id") { Type = LogicalType.Int4 }, null)])
            {
                From = new TableFrom(name, "s", []),
            }
        )
        {
            Output = [new RowField("id", LogicalType.Int4)],
        };
        Assert.Throws<InvalidOperationException>(() => SqliteSource.CompileSelect(unguarded));
    }

    // ---- SQL text ----

    [Fact]
    public void SQL_syntax_is_appended_as_constants() =>
        Finding.None(
            from file in SourceTree.Product
            from call in file.All<InvocationExpressionSyntax>()
            where call.Expression is IdentifierNameSyntax { Identifier.Text: "Syntax" } or MemberAccessExpressionSyntax { Name.Identifier.Text: "Syntax" }
            from argument in call.ArgumentList.Arguments.Take(1)
            where argument.DescendantNodes().OfType<InterpolationSyntax>().Any()
            select file.Breach(call, "SQL text has three appends", "no interpolation in Syntax: append identifiers and parameters by themselves")
        );

    // A pragma takes no parameters; its numbers come from options.
    private static readonly string[] Statements =
        ["select ", "insert into ", "update ", "delete from ", "create ", "alter ", "drop ", "set ", "listen ", "notify ", "with "];

    /// <summary>DDL of a catalog that was checked, the text of a dump, a move, a database made anew: names are quoted there, and no request reaches it.</summary>
    private static bool WritesSchema(SourceFile file) =>
        file.Name.Contains("SchemaWriter", StringComparison.Ordinal)
        || file.Name is "RowDump.cs" or "WholeTable.cs" or "PostgresReplacement.cs"
        || file.Path.Contains("/Moving/", StringComparison.Ordinal);

    [Fact]
    public void Nobody_interpolates_statements() =>
        Finding.None(
            from file in SourceTree.Product
            where file.Project.StartsWith("Tenon.Sources", StringComparison.Ordinal) || file.Project == "Tenon.Server"
            where !WritesSchema(file)
            from text in file.All<InterpolatedStringExpressionSyntax>()
            where text.Contents.OfType<InterpolationSyntax>().Any(i => !IsConstant(file, i.Expression))
            let start = text.Contents.ToString().TrimStart().ToLowerInvariant()
            where Statements.Any(s => start.StartsWith(s, StringComparison.Ordinal)) && !IsMessage(text, start)
            select file.Breach(text, "SQL text has three appends", "write it with the dialect, values as parameters")
        );

    /// <summary>A const of the file, or the parameter of a private helper that only gets literals.</summary>
    private static bool IsConstant(SourceFile file, ExpressionSyntax expression) =>
        expression is IdentifierNameSyntax name
        && (
            file.All<FieldDeclarationSyntax>().Any(f => f.Modifiers.Any(SyntaxKind.ConstKeyword) && f.Declaration.Variables.Any(v => v.Identifier.Text == name.Identifier.Text))
            || OnlyGetsLiterals(file, name)
        );

    private static bool OnlyGetsLiterals(SourceFile file, IdentifierNameSyntax name)
    {
        MethodDeclarationSyntax? method = name.Ancestors().OfType<MethodDeclarationSyntax>().FirstOrDefault();
        int at = method?.ParameterList.Parameters.IndexOf(p => p.Identifier.Text == name.Identifier.Text) ?? -1;
        if (method is null || at < 0 || !method.Modifiers.Any(SyntaxKind.PrivateKeyword))
        {
            return false;
        }
        InvocationExpressionSyntax[] calls = [.. file.All<InvocationExpressionSyntax>().Where(c => c.Expression.ToString() == method.Identifier.Text)];
        return calls.Length > 0 && calls.All(c => c.ArgumentList.Arguments[at].Expression is LiteralExpressionSyntax);
    }

    // "update or delete on table …" is PostgreSQL's sentence, and messages stand inside an error.
    private static bool IsMessage(InterpolatedStringExpressionSyntax text, string start) =>
        start.StartsWith("update or delete on", StringComparison.Ordinal)
        || text.Ancestors().OfType<BaseObjectCreationExpressionSyntax>().Any(o => o.ToString().Contains("ErrorCodes.", StringComparison.Ordinal))
        || text.Ancestors().OfType<ThrowStatementSyntax>().Any() || text.Ancestors().OfType<ThrowExpressionSyntax>().Any();

    [Fact]
    public void Command_text_is_never_assigned() =>
        Finding.None(
            from file in SourceTree.Product
            from assignment in file.All<AssignmentExpressionSyntax>()
            where assignment.Left.ToString().EndsWith("CommandText", StringComparison.Ordinal)
            select file.Breach(assignment, "SQL text has three appends", "give a compiled statement to the source")
        );
}
