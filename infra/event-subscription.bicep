metadata description = 'Tells the app of uploads. Deployed by hooks/postprovision.sh once the app answers, because Event Grid asks it for a handshake.'

@description('The storage account\'s system topic.')
param topicName string

@description('The storage account, for events that could not be delivered.')
param storageName string

@description('The app\'s webhook with its key: https://…/runtime/webhooks/blobs?functionName=Host.Functions.TagUploadOnEvent&code=….')
@secure()
param webhookUrl string

@description('What uploads\' paths must begin with; empty for all.')
param prefix string = ''

@description('What uploads\' names must end in, in any case of letters: at most 25, as .jpg; empty for all.')
@maxLength(25)
param suffixes array = []

// A blob that is written in several steps is told of once, when it is complete: CreateFile and AppendBlock are left out.
var apiFilter = {
  operatorType: 'StringIn'
  key: 'data.api'
  values: ['PutBlob', 'PutBlockList', 'FlushWithClose', 'CopyBlob', 'SftpCommit']
}
var suffixFilter = {
  operatorType: 'StringEndsWith'
  key: 'subject'
  values: suffixes
}

resource storage 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: storageName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource uploads 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'uploads'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: webhookUrl
        maxEventsPerBatch: 16
        preferredBatchSizeInKilobytes: 64
        minimumTlsVersionAllowed: '1.2'
      }
    }
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      subjectBeginsWith: '/blobServices/default/containers/uploads/blobs/${prefix}'
      isSubjectCaseSensitive: false
      advancedFilters: concat([apiFilter], empty(suffixes) ? [] : [suffixFilter])
    }
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: storage.id
          blobContainerName: 'event-dead-letters'
        }
      }
    }
  }
}
