using System.Globalization;
using System.Text;
using System.Text.Json;
using ClipFunctions.Datasets.Archives;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets.Formats;

/// <summary>Looks through one tar, reading nothing but headers, labels and CIFAR's records.</summary>
internal static class TarScanner
{
    // A caption may stand where a label does; none is as long as this.
    private const int MaxLabelBytes = 1 << 16;
    private const int MaxLabelLength = 256;

    /// <summary>Looks through an archive. What is damaged is a fault; what stands before the damage counts.</summary>
    public static async Task<TarContents> ScanAsync(IDatasetFiles files, DatasetFile archive, DatasetOptions options, CancellationToken cancellationToken)
    {
        TarContents contents = new(options.MaxListedFaults);
        try
        {
            await using SequentialReader source = await SequentialReader.OpenAsync(files, archive, cancellationToken);
            contents.IsGzip = source.IsGzip;
            if (archive.Size == 0)
            {
                throw new BrokenArchiveException(isTruncated: true, "It is empty.");
            }

            TarLister reader = new(source)
            {
                Unsupported = (member, problem) => contents.Faults.Add($"{archive.Name}/{member}", DatasetFaultReason.UnsupportedMember, problem),
            };
            while (await reader.NextAsync(cancellationToken) is { } member)
            {
                await ScanAsync(contents, archive, source, member, options, cancellationToken);
            }
        }
        catch (BrokenArchiveException exception)
        {
            contents.Faults.Add(archive.Name, exception.IsTruncated ? DatasetFaultReason.TruncatedArchive : DatasetFaultReason.BrokenArchive, exception.Message);
        }
        catch (DatasetFileChangedException exception)
        {
            contents.Faults.Add(archive.Name, DatasetFaultReason.Changed, exception.Message);
        }

        return contents;
    }

    /// <summary>webdataset's key and extension of a member: its path up to the first dot of its name, and what follows.</summary>
    public static (string Key, string Extension) Split(string member)
    {
        int name = member.LastIndexOf('/') + 1;
        int dot = member.IndexOf('.', name);
        return dot < 0 ? (member, "") : (member[..dot], member[(dot + 1)..]);
    }

    private static async ValueTask ScanAsync(
        TarContents contents,
        DatasetFile archive,
        SequentialReader source,
        TarMember member,
        DatasetOptions options,
        CancellationToken cancellationToken)
    {
        string name = $"{archive.Name}/{member.Name}";
        if (PictureNames.IsHidden(member.Name))
        {
            contents.Faults.Add(name, DatasetFaultReason.Hidden, "It is hidden.");
        }
        else if (PictureNames.IsPicture(member.Name))
        {
            if (contents.Pictures.Count >= options.MaxItems)
            {
                throw new InvalidDatasetException(archive.Name, string.Create(CultureInfo.InvariantCulture, $"it has more than {options.MaxItems:N0} pictures."));
            }

            source.Skip(member.Length);
            await source.RequireAsync(cancellationToken);
            contents.Pictures.Add(member);
        }
        else if (CifarForm.Records(member.Name) is { } records)
        {
            await contents.Cifar.AddRecordsAsync(name, records.Kind, records.Split, archive, source, member.Length, contents.Faults, cancellationToken);
        }
        else if (CifarForm.Names(member.Name) is { } kind && member.Length <= CifarForm.MaxNamesBytes)
        {
            byte[] text = new byte[member.Length];
            await source.ReadExactlyAsync(text, cancellationToken);
            contents.Cifar.AddNames(name, kind, text);
        }
        else
        {
            await ScanLabelAsync(contents, name, source, member, options, cancellationToken);
        }
    }

    private static async ValueTask ScanLabelAsync(
        TarContents contents,
        string name,
        SequentialReader source,
        TarMember member,
        DatasetOptions options,
        CancellationToken cancellationToken)
    {
        (string key, string extension) = Split(member.Name);
        int rank = extension.ToLowerInvariant() switch
        {
            "cls" => 0,
            "txt" => 1,
            "json" => 2,
            _ => -1,
        };
        if (rank < 0)
        {
            string problem = CifarForm.IsPickled(member.Name) ? "It is of CIFAR's Python version; take the binary version." : "Its extension is neither a picture's nor a label's.";
            contents.Faults.Add(name, DatasetFaultReason.UnknownExtension, problem);
            return;
        }

        if (member.Length > MaxLabelBytes || contents.Labels.Count >= options.MaxItems)
        {
            contents.Faults.Add(name, DatasetFaultReason.BadLabel, string.Create(CultureInfo.InvariantCulture, $"It has {member.Length:N0} bytes; a label has at most {MaxLabelBytes:N0}."));
            return;
        }

        byte[] bytes = new byte[member.Length];
        await source.ReadExactlyAsync(bytes, cancellationToken);
        if (!contents.Labels.TryGetValue(key, out TarLabel known) || known.Rank > rank)
        {
            contents.Labels[key] = Label(rank, bytes);
        }
    }

    private static TarLabel Label(int rank, byte[] bytes)
    {
        if (rank == 2)
        {
            return FromJson(bytes);
        }

        string text = Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF').Trim();
        return rank == 0 && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? new TarLabel(rank, number.ToString(CultureInfo.InvariantCulture), true)
            : new TarLabel(rank, text.Length <= MaxLabelLength && !text.Contains('\n') ? text : null, false);
    }

    private static TarLabel FromJson(byte[] bytes)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(bytes);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                foreach (string property in (ReadOnlySpan<string>)["label", "cls", "class", "class_name"])
                {
                    if (!json.RootElement.TryGetProperty(property, out JsonElement value))
                    {
                        continue;
                    }

                    if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number))
                    {
                        return new TarLabel(2, number.ToString(CultureInfo.InvariantCulture), true);
                    }

                    if (value.ValueKind == JsonValueKind.String && value.GetString()!.Trim() is { Length: <= MaxLabelLength } text)
                    {
                        return new TarLabel(2, text, false);
                    }
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: text that is no valid UTF-16.
        }

        return new TarLabel(2, null, false);
    }
}
