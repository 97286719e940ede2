package org.lethe.federated.network;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingClientCall;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.KnownLength;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.lethe.LetheException;

/**
 * How messages travel: over gRPC, as one stream of chunks in each direction, with mutual TLS.
 *
 * <p>There is one method, {@code lethe.Federation/Exchange}; what a message asks for is said by itself ({@link Message}). A chunk
 * has at most 1 MiB, a message at most 256 MiB. The common name in a client's certificate is the name of its site.
 */
final class Channel implements Site.Link, AutoCloseable {
    static final int CHUNK = 1 << 20;
    private static final int LONGEST = 1 << 28;
    private static final long CALL_SECONDS = 60; // for a message that may be long; a client that waits for work takes 2
    private static final Context.Key<String> SITE = Context.key("site");

    private static final MethodDescriptor<byte[], byte[]> EXCHANGE = MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .setFullMethodName(MethodDescriptor.generateFullMethodName("lethe.Federation", "Exchange"))
            .setRequestMarshaller(new Chunks())
            .setResponseMarshaller(new Chunks())
            .build();

    private static final class Chunks implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new Known(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** gRPC copies a stream of known length once. */
    private static final class Known extends ByteArrayInputStream implements KnownLength {
        Known(byte[] bytes) {
            super(bytes);
        }
    }

    /** Puts chunks together. */
    private abstract static class Whole implements StreamObserver<byte[]> {
        private final ByteArrayOutputStream all = new ByteArrayOutputStream();

        abstract void whole(byte[] message);

        @Override
        public void onNext(byte[] chunk) {
            if (chunk.length > CHUNK || all.size() + chunk.length > LONGEST) {
                throw Status.RESOURCE_EXHAUSTED
                        .withDescription("a chunk has at most " + CHUNK + " bytes, a message " + LONGEST)
                        .asRuntimeException();
            }
            all.writeBytes(chunk);
        }

        @Override
        public void onCompleted() {
            whole(all.toByteArray());
        }
    }

    private static void send(byte[] message, StreamObserver<byte[]> to) {
        for (int from = 0; from < message.length; from += CHUNK) {
            to.onNext(Arrays.copyOfRange(message, from, Math.min(message.length, from + CHUNK)));
        }
        to.onCompleted();
    }

    /**
     * Certificate, key and authority of one side, as PEM files.
     *
     * @param folder in which they are
     * @param name of the side: {@code NAME.crt}, {@code NAME.key}, beside {@code ca.crt}
     */
    record Identity(Path folder, String name) {
        private Path file(String which) {
            Path file = folder.resolve(which);
            if (!Files.isReadable(file)) {
                throw new LetheException(
                        LetheException.Code.STORAGE,
                        file + ": cannot be read, expected a PEM file; federate certificates makes a set for a trial");
            }
            return file;
        }

        Path certificate() {
            return file(name + ".crt");
        }

        Path key() {
            return file(name + ".key");
        }

        Path authority() {
            return file("ca.crt");
        }
    }

    /** A server that listens. */
    record Listening(Server server) implements AutoCloseable {
        int port() {
            return server.getPort();
        }

        @Override
        public void close() {
            server.shutdown();
            try {
                if (!server.awaitTermination(5, TimeUnit.SECONDS)) {
                    server.shutdownNow();
                }
            } catch (InterruptedException _) {
                server.shutdownNow();
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Answers messages of a site. */
    @FunctionalInterface
    interface Answers {
        byte[] answer(String site, byte[] message);
    }

    /** Listens; without an identity in plain text, where the site is told by the client, which only tests may do. */
    static Listening listen(int port, Optional<Identity> identity, Answers answers) throws IOException {
        ServerServiceDefinition service = ServerServiceDefinition.builder("lethe.Federation")
                .addMethod(EXCHANGE, ServerCalls.asyncBidiStreamingCall(back -> new Whole() {
                    private final String site = SITE.get();

                    @Override
                    void whole(byte[] message) {
                        send(answers.answer(site, message), back);
                    }

                    @Override
                    public void onError(Throwable gone) {
                        // the client is gone; it will send again
                    }
                }))
                .build();
        Server server = Grpc.newServerBuilderForPort(
                        port,
                        identity.isPresent()
                                ? TlsServerCredentials.newBuilder()
                                        .keyManager(
                                                identity.get().certificate().toFile(),
                                                identity.get().key().toFile())
                                        .trustManager(identity.get().authority().toFile())
                                        .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                                        .build()
                                : InsecureServerCredentials.create())
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .maxInboundMessageSize(CHUNK + 1024)
                .addService(ServerInterceptors.intercept(service, new Identified(identity.isPresent())))
                .build()
                .start();
        return new Listening(server);
    }

    private record Identified(boolean proven) implements ServerInterceptor {
        @Override
        public <A, B> ServerCall.Listener<A> interceptCall(
                ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
            Optional<String> site = proven
                    ? Optional.ofNullable(call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION))
                            .flatMap(Identified::name)
                    : Optional.ofNullable(headers.get(TOLD));
            if (site.isEmpty()) {
                call.close(Status.UNAUTHENTICATED.withDescription("the certificate names no site"), new Metadata());
                return new ServerCall.Listener<>() {};
            }
            return Contexts.interceptCall(Context.current().withValue(SITE, site.get()), call, headers, next);
        }

        private static Optional<String> name(SSLSession session) {
            try {
                Certificate[] chain = session.getPeerCertificates();
                if (chain[0] instanceof X509Certificate certificate) {
                    return new LdapName(certificate.getSubjectX500Principal().getName())
                            .getRdns().stream()
                                    .filter(rdn -> rdn.getType().equalsIgnoreCase("CN"))
                                    .map(rdn -> String.valueOf(rdn.getValue()))
                                    .findFirst();
                }
                return Optional.empty();
            } catch (SSLPeerUnverifiedException | InvalidNameException _) {
                return Optional.empty();
            }
        }
    }

    private static final Metadata.Key<String> TOLD = Metadata.Key.of("site", Metadata.ASCII_STRING_MARSHALLER);

    private final ManagedChannel channel;
    private final Optional<String> told;

    private Channel(ManagedChannel channel, Optional<String> told) {
        this.channel = channel;
        this.told = told;
    }

    /** The way to a server at {@code host:port}. */
    static Channel to(String address, Identity identity) throws IOException {
        return new Channel(
                Grpc.newChannelBuilder(
                                address,
                                TlsChannelCredentials.newBuilder()
                                        .keyManager(
                                                identity.certificate().toFile(),
                                                identity.key().toFile())
                                        .trustManager(identity.authority().toFile())
                                        .build())
                        .maxInboundMessageSize(CHUNK + 1024)
                        .build(),
                Optional.empty());
    }

    /** The same in plain text, for tests. */
    static Channel plain(String address, String site) {
        return new Channel(
                Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
                        .maxInboundMessageSize(CHUNK + 1024)
                        .build(),
                Optional.of(site));
    }

    @Override
    public byte[] exchange(byte[] message) throws IOException {
        CompletableFuture<byte[]> answer = new CompletableFuture<>();
        ClientCall<byte[], byte[]> call =
                channel.newCall(EXCHANGE, CallOptions.DEFAULT.withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS));
        if (told.isPresent()) {
            Metadata headers = new Metadata();
            headers.put(TOLD, told.get());
            call = new ForwardingClientCall.SimpleForwardingClientCall<>(call) {
                @Override
                public void start(Listener<byte[]> listener, Metadata empty) {
                    super.start(listener, headers);
                }
            };
        }
        StreamObserver<byte[]> out = ClientCalls.asyncBidiStreamingCall(call, new Whole() {
            @Override
            void whole(byte[] all) {
                answer.complete(all);
            }

            @Override
            public void onError(Throwable failure) {
                answer.completeExceptionally(failure);
            }
        });
        send(message, out);
        try {
            return answer.get(CALL_SECONDS + 1, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw failure(e);
        } catch (TimeoutException e) {
            throw new IOException("no answer in " + CALL_SECONDS + " seconds", e);
        } catch (InterruptedException e) {
            call.cancel("interrupted", e);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** What went wrong: worth another attempt, unless it is about certificates. */
    private static IOException failure(ExecutionException e) {
        Status status = Status.fromThrowable(e);
        StringBuilder why = new StringBuilder(status.getCode().toString());
        if (status.getDescription() != null) {
            why.append(", ").append(status.getDescription());
        }
        boolean tls = false;
        for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
            why.append(": ").append(cause.getMessage());
            tls |= cause instanceof GeneralSecurityException
                    || cause instanceof SSLException
                            && String.valueOf(cause.getMessage())
                                    .toLowerCase(Locale.ROOT)
                                    .matches("(?s).*(alert|certif|verif).*");
        }
        if (tls) {
            throw new LetheException(
                    LetheException.Code.NETWORK,
                    "federation: this side or the server has no certificate that the other trusts: " + why,
                    e);
        }
        return new IOException(why.toString(), e);
    }

    @Override
    public void close() {
        channel.shutdownNow();
        try {
            var _ = channel.awaitTermination(2, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
