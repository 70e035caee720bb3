namespace Tenon.Testing;

/// <summary>Where the repository lies, seen from a test's output folder.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string PathTo(string relative) => Path.Combine(Root, relative);

    private static string Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Tenon.slnx")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("The tests run outside the repository: no Tenon.slnx above " + AppContext.BaseDirectory);
    }
}
