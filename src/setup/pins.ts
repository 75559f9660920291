// Owns the versions and checksums of everything set-up installs. A version changes here, together with its checksum.

export type JarPins = Readonly<Record<`${string}:${string}:${string}`, string>>;

export const supported = {
  /** Spark 4.1 runs on 17 and 21; its Hadoop client calls what Java 24 removed. */
  java: { from: 17, below: 24 },
  /** Minor versions of Python 3 that pyspark 4.1.1 is built for. */
  python: { from: 11, below: 15 },
  /** The oldest Temporal server that our tests ran on. */
  temporalServer: '1.29.1',
  /** From 1.21 on, Go fetches the newer toolchain that a module asks for. */
  go: { major: 1, minor: 21 },
} as const;

/** `server`: the one inside that version, which whatever was downloaded or built must name. */
export const temporalCli = {
  version: '1.5.1',
  server: '1.29.1',
  module: 'github.com/temporalio/cli/cmd/temporal',
} as const;

/** A release of Spark, and the Delta made for it. */
export type SparkLine = {
  /** Version of pyspark. */
  readonly version: string;
  /** Its Python packages with their hashes: a file in `spark`. */
  readonly lock: string;
  readonly jars: JarPins;
  /** Variables by which users name their own. */
  readonly own?: { readonly python: string; readonly jars: string };
};

/** Writes local files without starting a `chmod` process for each, as Hadoop does where its native library is missing. */
const localFiles: JarPins = {
  'com.globalmentor:hadoop-bare-naked-local-fs:0.1.0':
    'e0cc30fb0531eb0b59468dc0abf5b257533d2365b5e9f45e795edd707aa78c62',
};

/**
 * Hadoop's client of S3, in the version of Spark's Hadoop, with that part of the AWS SDK which it needs: the bundle that it asks for
 * has 640 MB. HTTP, logging and Netty are Spark's own.
 */
const s3Files: JarPins = {
  'org.apache.hadoop:hadoop-aws:3.4.2': 'd2d24e6b715b5656b9d238bf13b6682a07e2004dd36aad74a73aeb854319f4d9',
  'org.reactivestreams:reactive-streams:1.0.4': 'f75ca597789b3dac58f61857b9ac2e1034a68fa672db35055a8fb4509e325f28',
  'software.amazon.awssdk:annotations:2.29.52': '8cd8bd8afd7eca5a367f69fd87427f6d9f3e7d359962122da24d71f1963f00cd',
  'software.amazon.awssdk:apache-client:2.29.52': 'c96494be30ecac6f0ab7a35fdd91a4c77ca8a5daf62f3d9d84644ef0f0524dc6',
  'software.amazon.awssdk:arns:2.29.52': 'f5a4d1d9b4e4fc63c9bda49bcf1c59d23fd876b276c6b43aaca12969337303a6',
  'software.amazon.awssdk:auth:2.29.52': '4d8143b6198dc7a530c2ccdd813129c132b96736086c0d4fea85480b9bdbc5fe',
  'software.amazon.awssdk:aws-core:2.29.52': 'eb560c064fbaac7e2e7f4a77ac343d3083bea0d7f6e2c69ba022d3f3e859be90',
  'software.amazon.awssdk:aws-query-protocol:2.29.52':
    '1b117672963ee5059c45f2aadb110f191b578d108d8f08d7c7a59e6c0b098a8e',
  'software.amazon.awssdk:aws-xml-protocol:2.29.52': 'daf87b429373ad586d165003b5b1d4fe498c6472eb65ec9a9e2aa7d56f3917dd',
  'software.amazon.awssdk:checksums-spi:2.29.52': '21193b9b648843dcaff493f0dd80abab9ee6871b203b9218120554698d8f7b8a',
  'software.amazon.awssdk:checksums:2.29.52': 'bca99ff25c9b917d6be03e5dce78ad5328e7dca485e96024fa8476e4192a800a',
  'software.amazon.awssdk:crt-core:2.29.52': '4e1f33de21b688695fec91b977ddfa99e9d376edcbad06a62b0c138c60b37de4',
  'software.amazon.awssdk:endpoints-spi:2.29.52': 'e54f246c668d70b55cffe0c8fad18d4465e74e22db75139918bd30610093d1e6',
  'software.amazon.awssdk:http-auth-aws-eventstream:2.29.52':
    '565a4aacce955c5ffaed551f6faaaa958e9e92b2f8514c8482f664edb2bab576',
  'software.amazon.awssdk:http-auth-aws:2.29.52': '7ae124e81ac0c2860bb61fdde34a388dbe823fef8509dd46a6bec805ada90308',
  'software.amazon.awssdk:http-auth-spi:2.29.52': '7a2168c5a7baa856d7ae9f9c4f7522d2db9f1361108c38f5b6ece66f249e6a2d',
  'software.amazon.awssdk:http-auth:2.29.52': 'd8aa3bd376aaec7196396e65fe8755f1fdd169e51357f8128ecdc7d23a687450',
  'software.amazon.awssdk:http-client-spi:2.29.52': '8ea61ce3b527779fbfe119e0775c4b7cfdf274a979b1e50596a634685a5b6542',
  'software.amazon.awssdk:identity-spi:2.29.52': '85104635abf9e5c044aaf7f8951b63efc2ef82051b5ee303571ee2e1fd8b46d0',
  'software.amazon.awssdk:json-utils:2.29.52': '2652cdb3668311bcff6e643c8612b9fea266423ae1ce33743c84dd7f77904311',
  'software.amazon.awssdk:metrics-spi:2.29.52': '1db2e3da338148ee40a716e1733c9a5b99e9e6daa4db3aa8bd7e718adafa2510',
  'software.amazon.awssdk:netty-nio-client:2.29.52': '07238668c9cf54531ee269fd6e2a1e2650fb75d6774d401f406c2a14f26af654',
  'software.amazon.awssdk:profiles:2.29.52': 'fef84619d101838ba45f48d0caddb09a85d9ed8bf869095bd7d2064796856cf7',
  'software.amazon.awssdk:protocol-core:2.29.52': '7b32e41a3743b422d2edec1670f60b4c1e512fcd5ab7a53fef20742d6b9104d1',
  'software.amazon.awssdk:regions:2.29.52': '5ee0e26277c679ffa70d83923b0d5f77a53066ecde8610f28be1856947d60eaf',
  'software.amazon.awssdk:retries-spi:2.29.52': 'a4218ea742fc9e07a620629d7a258bfd92b8ea3ef75f1b99193d0898ca3efe99',
  'software.amazon.awssdk:retries:2.29.52': 'ca3752ba31399721980c6398992921ff5aa164e084b4c14484333df58c76a353',
  'software.amazon.awssdk:s3-transfer-manager:2.29.52':
    '0c9e654637247187a7e2494eb7a8799477a772a7d554cd3ae787cd3e3bae3c55',
  'software.amazon.awssdk:s3:2.29.52': 'abaedea7e68063e9c4ab090f80d14b9884c57b50953bfe6e5acaa23025609efa',
  'software.amazon.awssdk:sdk-core:2.29.52': 'ea8e9856569f85075a8a806d0481c4bd848c98b24fd6d706fc0b5883fc4604dc',
  'software.amazon.awssdk:sts:2.29.52': '6495d0457f4e4c3724d8c9c5fe4f6f98c9530a22f92449c4cca5fd03622e4edb',
  'software.amazon.awssdk:third-party-jackson-core:2.29.52':
    'eaece3eb60beb8ec09d8a4f48d5bff4110010b03cc23688bdcf2af2eb075cac6',
  'software.amazon.awssdk:utils:2.29.52': 'f150a38f2fec14ced2de6459bfe804f647c88baa573b218646ef89b436a29d42',
  'software.amazon.eventstream:eventstream:1.0.1': '0c37d8e696117f02c302191b8110b0d0eb20fa412fce34c3a269ec73c16ce822',
};

/** What Headgate runs on. Delta needs two jars: the other 32 of its closure repeat what Spark ships, some of them older. */
export const ownSpark: SparkLine = {
  version: '4.1.1',
  lock: 'requirements.lock',
  jars: {
    'io.delta:delta-spark_4.1_2.13:4.2.0': '8480050a55c7e50427f3bec3af9243f98fc7cbfa453a2ef55e6ea8d0b7b121ff',
    'io.delta:delta-storage:4.2.0': '2d84df76551f2b3cd27b120abec67ccbba324cea6ec45eb659edcc54234f99f3',
    ...localFiles,
    ...s3Files,
  },
  own: { python: 'HEADGATE_PYTHON', jars: 'HEADGATE_JARS' },
};

/** What EMR 7 ships. The lock brings pytest: `npm test` runs `tests/spark/both_lines` on it. */
export const emr7Spark: SparkLine = {
  version: '3.5.6',
  lock: 'requirements-spark-3.5.lock',
  jars: {
    'io.delta:delta-spark_2.12:3.3.2': '4e92085d5d794cf949c50bb665b91384857cad58680c2d0bfc9c7ad353e98e85',
    'io.delta:delta-storage:3.3.2': 'c096975a2ca97ccc9b4005aa5cce16c9ac3903139d340da6665b66ace67d7c36',
    ...localFiles,
  },
};

/** Temporal's time-skipping test server with its whole runtime closure. */
export const testServerJars: JarPins = {
  'com.cronutils:cron-utils:9.2.1': '02af0e8b2fe93c9fa6eecf97b53b39faae14c5b996356edb132e9fe620013744',
  'com.fasterxml.jackson.core:jackson-annotations:2.15.4':
    'f204ebbd552614a22b8531ffe350d47f8fd42c45bb60517c07974dc27a5a1dd3',
  'com.fasterxml.jackson.core:jackson-core:2.15.4': '8dc9210dd285db366f45f518dd1e6a9ccfeb0f1a8e184a899fe96d29edf1fd94',
  'com.fasterxml.jackson.core:jackson-databind:2.15.4':
    '0f99ff7719eef3ee85608b3dee6ecf3c698003fe9d6e34eabbfabccdc9b5ac2c',
  'com.fasterxml.jackson.datatype:jackson-datatype-jdk8:2.15.4':
    '3efb9d55b62f50e64b11fe00625800285fef8781736b80bd206677fb56040aac',
  'com.fasterxml.jackson.datatype:jackson-datatype-jsr310:2.15.4':
    '472498cbba2726012ff82f86fc8feef9593663bda1a695a17db804a63fa733ff',
  'com.google.android:annotations:4.1.1.4': 'ba734e1e84c09d615af6a09d33034b4f0442f8772dec120efb376d86a565ae15',
  'com.google.api.grpc:proto-google-common-protos:2.59.2':
    '9407f50aef5d1cb12675c170fa64ee216023eefca49f8f5eac45124f23a6cb29',
  'com.google.code.findbugs:jsr305:3.0.2': '766ad2a0783f2687962c8ad74ceecc38a28b9f72a2d085ee438b7813e928d0c7',
  'com.google.code.gson:gson:2.10.1': '4241c14a7727c34feea6507ec801318a3d4a90f070e4525681079fb94ee4c593',
  'com.google.errorprone:error_prone_annotations:2.36.0':
    '77440e270b0bc9a249903c5a076c36a722c4886ca4f42675f2903a1c53ed61a5',
  'com.google.guava:failureaccess:1.0.3': 'cbfc3906b19b8f55dd7cfd6dfe0aa4532e834250d7f080bd8d211a3e246b59cb',
  'com.google.guava:guava:33.4.8-android': 'a1f8a4bafe5a77232d333356843e194599b30837574a7f4be1063daaaaab102c',
  'com.google.guava:listenablefuture:9999.0-empty-to-avoid-conflict-with-guava':
    'b372a037d4230aa57fbeffdef30fd6123f9c0c2db85d0aced00c91b974f33f99',
  'com.google.j2objc:j2objc-annotations:3.0.0': '88241573467ddca44ffd4d74aa04c2bbfd11bf7c17e0c342c94c9de7a70a7c64',
  'com.google.protobuf:protobuf-java:3.25.8': '72bdb32eb38cafb7dcd288262c29a34d57cba2e19101af9685155ba8c0a56008',
  'com.google.protobuf:protobuf-java-util:3.25.8': 'e7196eaefc3f81afa1571821635c7aefe2933f4be4a9df9e601fb59214b50269',
  'com.uber.m3:tally-core:0.13.0': 'b3ccc572be36be91c47447c7778bc141a74591279cdb40224882e8ac8271b58b',
  'io.grpc:grpc-api:1.76.0': '13ce42c59871a04a7340f01e1dbd879fefa04811878cfd68864596321f555ed3',
  'io.grpc:grpc-context:1.76.0': '3b4eb9ca65fe5cd98b2665f9b355158fac5a048708626b5b68dc66c43fb820d3',
  'io.grpc:grpc-core:1.76.0': '00926861e7dcd9ce993a3ed3cb6f55b104c0a3ad0dad2cdde8680d1bcbd100b6',
  'io.grpc:grpc-inprocess:1.76.0': 'cb1f0095ab7f2603508433554ec7bd9602bbe0e3340ade262c58e911cb8ccc63',
  'io.grpc:grpc-netty-shaded:1.76.0': '196ef71498808fbd81555af0c5b00e0f6e8263d8e6d2bc115d36239088876328',
  'io.grpc:grpc-protobuf:1.76.0': '52a004da0065d39601257ded13c40e0e4dfcf74db1c55a9bf7932a88fc384809',
  'io.grpc:grpc-protobuf-lite:1.76.0': '5fb276bfc4974182888e11c1c0115d9d01cb970a39fc75c8c73695d3da13d878',
  'io.grpc:grpc-services:1.76.0': '64ed014542d83664b401faed38d6b32cbd624234481c71a7277c777937c0e902',
  'io.grpc:grpc-stub:1.76.0': 'e8d2fb3f6a75c8052c16173072111cb5140c8a0ad054a0c43188e0d1da162de6',
  'io.grpc:grpc-util:1.76.0': 'f342c19c9dc3ac9235a0b5d564834b326b375831373d5a9f87b2b5362553b17e',
  'io.micrometer:micrometer-core:1.9.9': 'ddec1c877a32dcf4f5e6cab5efc22707975d1d7e0fb780bcffe505384c52070c',
  'io.nexusrpc:nexus-sdk:0.5.0-alpha': '0619e8f4559b17bdc3610a4aeb9b961e414b3642ca15fcf1c9e3aed14b573175',
  'io.perfmark:perfmark-api:0.27.0': 'c7b478503ec524e55df19b424d46d27c8a68aeb801664fadd4f069b71f52d0f6',
  'io.temporal:temporal-sdk:1.38.0': '4d0ed300118b9dcc1251a5ab6ced503e3ca35ac8c95a4b47500b98fc20a645d0',
  'io.temporal:temporal-serviceclient:1.38.0': '3a2b014541a0799fb182f3ae3b01ce0a5d706a70b57ee933ed4e702d7085e1c8',
  'io.temporal:temporal-test-server:1.38.0': 'c6c813bbee46dcdc9df5a018fe6ed4caaf79b0c3c9511a3dd6275232a6d8538e',
  'org.codehaus.mojo:animal-sniffer-annotations:1.24':
    'c720e6e5bcbe6b2f48ded75a47bccdb763eede79d14330102e0d352e3d89ed92',
  'org.hdrhistogram:HdrHistogram:2.1.12': '9b47fbae444feaac4b7e04f0ea294569e4bc282bc69d8c2ce2ac3f23577281e2',
  'org.jspecify:jspecify:1.0.0': '1fad6e6be7557781e4d33729d49ae1cdc8fdda6fe477bb0cc68ce351eafdfbab',
  'org.latencyutils:LatencyUtils:2.0.3': 'a32a9ffa06b2f4e01c5360f8f9df7bc5d9454a5d373cd8f361347fa5a57165ec',
  'org.slf4j:slf4j-api:1.7.36': 'd3ef575e3e4979678dc01bf1dcce51021493b4d11fb7f1be8ad982877c16a1c0',
};

/** An S3 server over a folder, whose put-if-absent is atomic: S3Proxy with what it loads for that, of its closure of 203 jars. */
export const s3ServerJars: JarPins = {
  'args4j:args4j:2.37': '5a13b0f7ff519183e55b8f453b8faaa23b92ccf0443f1fac515fedf2246bdc18',
  'ch.qos.logback:logback-classic:1.6.1': 'be8970a67c145e610071817622212b50ee531f2ee8649d70a704e8549b958bbd',
  'ch.qos.logback:logback-core:1.6.1': 'ca24a516db9c9bf43ff5c41ce9648ee546869aa7a30d349c531b3755af4f9db6',
  'com.fasterxml.jackson.core:jackson-annotations:2.21':
    '53ca085f4a150f703f49e1aabd935bd03b43e1ea3d55d135438292af22cef56b',
  'com.fasterxml.woodstox:woodstox-core:7.0.0': 'eeb3853282c24964a93a6eb4c1bbcb60c8d09fd8e0ffc75ab64ad21045a1fa78',
  'com.google.guava:failureaccess:1.0.3': 'cbfc3906b19b8f55dd7cfd6dfe0aa4532e834250d7f080bd8d211a3e246b59cb',
  'com.google.guava:guava:33.6.0-jre': 'dc573e1fca4fd5454f4a5fd3d7da2df03002876a4175bafc14a95980dd7713b3',
  'jakarta.servlet:jakarta.servlet-api:6.0.0': 'c034eb1afb158987dbb53a5fea0cadf611c8dae8daadd59c44d9d5ab70129cef',
  'org.codehaus.woodstox:stax2-api:4.2.2': 'a61c48d553efad78bc01fffc4ac528bebbae64cbaec170b2a5e39cf61eb51abe',
  'org.gaul:s3proxy:4.0.0': 'a8f69241a0421d3739c72f3c49e3f25832176d586f9b23e97eec6a2e5fe2f953',
  'org.slf4j:slf4j-api:2.0.18': '44508fd1576500688c790b190acdd16fec4f8c79a3e0b900afd70503cf055f55',
  'tools.jackson.core:jackson-core:3.2.1': '2688aaa60b207403287e16a71fb5644bf2f9cfc464cc601ae95c6c86a5af1f94',
  'tools.jackson.core:jackson-databind:3.2.1': '8d005c5626b1839e2eea6bd33a437287e7a24d54e1bb3746b8f861193262b519',
  'tools.jackson.dataformat:jackson-dataformat-xml:3.2.1':
    '70a5b176d1c4be17aac0cb8d42aa23a5866b5ee95b101535003edad36ad66c4a',
};
