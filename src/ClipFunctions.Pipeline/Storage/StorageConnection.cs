using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using ClipFunctions.Pipeline.Configuration;
using Microsoft.Extensions.Configuration;

namespace ClipFunctions.Pipeline.Storage;

/// <summary>
/// Clients of one storage account, opened from a setting in any of the forms that Azure Functions connections take:
/// a connection string (<c>UseDevelopmentStorage=true</c> included), or <c>{name}:accountName</c>, or
/// <c>{name}:blobServiceUri</c> with <c>{name}:queueServiceUri</c>, the latter two with
/// <see cref="DefaultAzureCredential"/> (<c>{name}:clientId</c> picks a user-assigned identity).
/// </summary>
public sealed class StorageConnection
{
    private StorageConnection(string name, BlobServiceClient blobs, QueueServiceClient queues)
    {
        Name = name;
        Blobs = blobs;
        Queues = queues;
    }

    /// <summary>The setting's name.</summary>
    public string Name { get; }

    /// <summary>The account's blobs.</summary>
    public BlobServiceClient Blobs { get; }

    /// <summary>The account's queues; messages are base64, as queue triggers expect them.</summary>
    public QueueServiceClient Queues { get; }

    /// <summary>Opens the connection that the setting <paramref name="name"/> describes; no request is sent yet.</summary>
    /// <exception cref="InvalidSettingException">The setting is absent or in none of the known forms.</exception>
    public static StorageConnection FromConfiguration(IConfiguration configuration, string name)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentException.ThrowIfNullOrEmpty(name);
        BlobClientOptions blobOptions = new();
        QueueClientOptions queueOptions = new() { MessageEncoding = QueueMessageEncoding.Base64 };

        IConfigurationSection section = configuration.GetSection(name);
        if ((section.Value ?? configuration.GetConnectionString(name)) is { Length: > 0 } connectionString)
        {
            try
            {
                return new StorageConnection(
                    name,
                    new BlobServiceClient(connectionString, blobOptions),
                    new QueueServiceClient(connectionString, queueOptions));
            }
            catch (FormatException exception)
            {
                throw new InvalidSettingException(name, $"Setting '{name}' is not a storage connection string: {exception.Message}", exception);
            }
        }

        Uri? blobUri = ServiceUri(section, "blobServiceUri", "blob");
        Uri? queueUri = ServiceUri(section, "queueServiceUri", "queue");
        if (blobUri is null || queueUri is null)
        {
            throw new InvalidSettingException(
                name,
                $"Setting '{name}' is missing: give a connection string (locally 'UseDevelopmentStorage=true'), " +
                $"or '{name}:accountName', or '{name}:blobServiceUri' and '{name}:queueServiceUri'.");
        }

        TokenCredential credential = new DefaultAzureCredential(new DefaultAzureCredentialOptions
        {
            ManagedIdentityClientId = section["clientId"],
        });
        return new StorageConnection(
            name,
            new BlobServiceClient(blobUri, credential, blobOptions),
            new QueueServiceClient(queueUri, credential, queueOptions));
    }

    private static Uri? ServiceUri(IConfigurationSection section, string key, string service)
    {
        if (section[key] is { Length: > 0 } uri)
        {
            return Uri.TryCreate(uri, UriKind.Absolute, out Uri? address)
                ? address
                : throw new InvalidSettingException(section.Key, $"Setting '{section.Path}:{key}' is '{uri}'; it must be an address such as https://account.{service}.core.windows.net.");
        }

        return section["accountName"] is { Length: > 0 } account
            ? new Uri($"https://{account}.{service}.core.windows.net")
            : null;
    }
}
