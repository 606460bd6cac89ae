using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets.Formats;

/// <summary><c>{split}/{class}/{picture}</c> or <c>{class}/{picture}</c>, of files or of a tar's members.</summary>
internal static class FolderForm
{
    /// <summary>Whether a file stands where this layout has pictures.</summary>
    public static bool Fits(DatasetFile file) => file.Name.Contains('/') && PictureNames.IsPicture(file.Name) && !PictureNames.IsHidden(file.Name);

    /// <summary>Adds the files.</summary>
    public static void Add(PlanDraft draft, IReadOnlyList<DatasetFile> files, CancellationToken cancellationToken)
    {
        List<PictureFile> pictures = [];
        foreach (DatasetFile file in files)
        {
            if (PictureNames.IsHidden(file.Name))
            {
                draft.Faults.Add(file.Name, DatasetFaultReason.Hidden, "It is hidden.");
            }
            else if (!PictureNames.IsPicture(file.Name))
            {
                string problem = CifarForm.IsPickled(file.Name) ? "It is of CIFAR's Python version; take the binary version." : "Its extension is not a picture's.";
                draft.Faults.Add(file.Name, DatasetFaultReason.UnknownExtension, problem);
            }
            else
            {
                pictures.Add(new PictureFile(file.Name, file.Name, file, 0, file.Size));
            }
        }

        Add(draft, pictures, DatasetSplit.Test, false, cancellationToken);
    }

    /// <summary>Adds pictures whose paths tell their classes.</summary>
    /// <param name="draft">The draft.</param>
    /// <param name="pictures">The pictures.</param>
    /// <param name="split">The split of all of them where their paths tell none; null if they then cannot be used.</param>
    /// <param name="inGzip">Whether they lie in gzipped archives.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static void Add(PlanDraft draft, IReadOnlyList<PictureFile> pictures, DatasetSplit? split, bool inGzip, CancellationToken cancellationToken)
    {
        int root = RootLength(pictures);
        bool hasSplits = HasSplits(pictures, root);
        foreach (PictureFile picture in pictures)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int start = Math.Min(root, picture.Path.LastIndexOf('/') + 1);
            ReadOnlySpan<char> path = picture.Path.AsSpan(start);
            DatasetSplit? its = split;
            if (hasSplits)
            {
                int slash = path.IndexOf('/');
                its = slash < 0 ? null : SplitNames.Parse(path[..slash]);
                path = path[(slash + 1)..];
            }

            int end = path.IndexOf('/');
            if (its is null)
            {
                draft.Faults.Add(picture.Name, DatasetFaultReason.UnknownSplit, "It stands in none of the folders train, val (valid, validation) and test.");
            }
            else if (end < 0)
            {
                draft.Faults.Add(picture.Name, DatasetFaultReason.NoLabel, "It stands in no folder that tells its class.");
            }
            else if (path[..end].IsWhiteSpace())
            {
                draft.Faults.Add(picture.Name, DatasetFaultReason.EmptyLabel, "The folder that tells its class has an empty name.");
            }
            else if (picture.Length == 0)
            {
                draft.Faults.Add(picture.Name, DatasetFaultReason.Empty, "It is empty.");
            }
            else
            {
                draft.Add(picture.Name, path[..end], its.Value, picture.File, picture.Offset, picture.Length, inGzip: inGzip);
            }
        }
    }

    /// <summary>The length of the folders around all of it, such as an archive's name: those in which every picture stands at least two folders deep.</summary>
    private static int RootLength(IReadOnlyList<PictureFile> pictures)
    {
        int root = 0;
        while (true)
        {
            ReadOnlySpan<char> first = default;
            foreach (PictureFile picture in pictures)
            {
                // One without any folder has no class in any case.
                if (!picture.Path.Contains('/'))
                {
                    continue;
                }

                ReadOnlySpan<char> path = picture.Path.AsSpan(Math.Min(root, picture.Path.Length));
                int slash = path.IndexOf('/');
                if (slash < 0 || path[(slash + 1)..].IndexOf('/') < 0 || (first.Length > 0 && !path.StartsWith(first, StringComparison.Ordinal)))
                {
                    return root;
                }

                first = path[..(slash + 1)];
            }

            if (first.Length == 0 || SplitNames.Parse(first[..^1]) is not null)
            {
                return root;
            }

            root += first.Length;
        }
    }

    // A class may be called "train", too; then most pictures do not stand below two folders whose first is a split's.
    private static bool HasSplits(IReadOnlyList<PictureFile> pictures, int root)
    {
        long inSplits = 0;
        long others = 0;
        foreach (PictureFile picture in pictures)
        {
            ReadOnlySpan<char> path = picture.Path.AsSpan(Math.Min(root, picture.Path.LastIndexOf('/') + 1));
            int slash = path.IndexOf('/');
            if (slash >= 0 && SplitNames.Parse(path[..slash]) is not null && path[(slash + 1)..].Contains('/'))
            {
                inSplits++;
            }
            else if (slash >= 0)
            {
                others++;
            }
        }

        return inSplits > 0 && inSplits >= others;
    }
}
