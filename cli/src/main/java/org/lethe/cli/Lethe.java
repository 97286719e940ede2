package org.lethe.cli;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.lethe.LetheException;
import org.lethe.Printable;
import org.lethe.study.Mistakes;
import org.lethe.study.Storage;
import org.lethe.study.Tools;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The {@code lethe} command: parses, calls the engine, prints. Everything it does, the library does too. */
@Command(
        name = "lethe",
        description = "Make a trained model forget, hide or balance, and prove by an audit that it did.",
        mixinStandardHelpOptions = true,
        versionProvider = Lethe.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            RunCommand.class,
            ReportCommand.class,
            ListCommand.class,
            ExplainCommand.class,
            DataCommand.class,
            VerifyCommand.class,
            DoctorCommand.class,
            CommandLine.HelpCommand.class,
            AutoComplete.GenerateCompletion.class
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:a cell failed, or a run folder is not complete",
            "2:a mistake in the command line, a study or a request",
            "3:data, a file, the network or the memory is missing or not usable",
            "4:a defect of Lethe itself, also in a cell (please report what --debug shows)"
        })
public final class Lethe {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int MISTAKE = 2;
    static final int SURROUNDINGS = 3;
    static final int DEFECT = 4;

    @Option(names = "--debug", description = "Show stack traces with errors.", scope = ScopeType.INHERIT)
    boolean debug;

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] args) {
        standardErrorOfTheLauncher();
        StandardOutput output = StandardOutput.installed();
        System.exit(output.ended(execute(args)));
    }

    /** Runs the command and returns its exit code. */
    static int execute(String... given) {
        Lethe lethe = new Lethe();
        CommandLine command = new CommandLine(lethe).setExpandAtFiles(false); // an id may begin with @
        String[] args = helped(given);
        try {
            ToolCommand.add(command.getCommandSpec(), Tools.listed(), List.of(args));
            return command.setCaseInsensitiveEnumValuesAllowed(true)
                    .setExecutionExceptionHandler((e, line, parsed) -> lethe.explain(e, line))
                    .setParameterExceptionHandler((e, arguments) -> refused(e))
                    .setExecutionStrategy(parsed -> executed(command, parsed))
                    .execute(args);
        } catch (Error | RuntimeException e) {
            return lethe.explain(e, command);
        }
    }

    /** {@code help recsys train} as {@code recsys train --help}: picocli's own command takes one word. */
    private static String[] helped(String[] args) {
        boolean words = args.length > 1
                && args[0].equals("help")
                && List.of(args).stream().noneMatch(a -> a.startsWith("-"));
        return words
                ? Stream.concat(Arrays.stream(args).skip(1), Stream.of("--help"))
                        .toArray(String[]::new)
                : args;
    }

    /** The first word that help was asked for and that is no command; picocli itself would show the help of the words before it. */
    private static Optional<String> unknown(CommandLine.ParseResult parsed) {
        CommandLine.ParseResult last = parsed;
        while (last.hasSubcommand()) {
            last = last.subcommand();
        }
        CommandSpec group = last.commandSpec();
        if (!last.isUsageHelpRequested() || group.subcommands().isEmpty()) {
            return Optional.empty();
        }
        return last.unmatched().stream()
                .filter(word -> !word.startsWith("-"))
                .findFirst()
                .map(word -> group.qualifiedName() + " has no command \"" + word + "\""
                        + Mistakes.hint(word, group.subcommands().keySet()));
    }

    /** Runs what was asked, with outputs that no text of a file can command. Help has colours of its own. */
    private static int executed(CommandLine command, CommandLine.ParseResult parsed) {
        Optional<String> unknown = unknown(parsed);
        if (unknown.isPresent()) {
            command.getErr().println(Printable.lines(unknown.get()));
            return MISTAKE;
        }
        Integer help = CommandLine.executeHelpRequest(parsed);
        if (help != null) {
            return help;
        }
        command.setOut(PrintableWriter.before(command.getOut())).setErr(PrintableWriter.before(command.getErr()));
        try {
            return new CommandLine.RunLast().execute(parsed);
        } finally {
            command.getOut().flush();
            command.getErr().flush();
        }
    }

    private static int refused(CommandLine.ParameterException e) {
        CommandLine line = e.getCommandLine();
        line.getErr().println(Printable.lines(String.valueOf(e.getMessage())));
        CommandLine.UnmatchedArgumentException.printSuggestions(e, line.getErr());
        line.getErr().println("See " + line.getCommandSpec().qualifiedName() + " --help");
        return MISTAKE;
    }

    private int explain(Throwable thrown, CommandLine line) {
        Throwable e = thrown instanceof CommandLine.ExecutionException wrapped && wrapped.getCause() != null
                ? wrapped.getCause()
                : thrown;
        int code = code(e);
        PrintWriter err = PrintableWriter.before(line.getErr());
        if (debug) {
            e.printStackTrace(err);
        } else if (code != DEFECT) {
            err.println(said(e));
        }
        if (code != DEFECT) {
            return code;
        }
        if (Stream.iterate(e, Objects::nonNull, Throwable::getCause).anyMatch(OutOfMemoryError.class::isInstance)) {
            err.println("out of memory: the heap is at most "
                    + (Runtime.getRuntime().maxMemory() >> 20) + " MiB; LETHE_JVM=-Xmx8g gives 8 GiB");
            return SURROUNDINGS;
        }
        Optional<String> noNativeMemory = noNativeMemory(e);
        if (noNativeMemory.isPresent()) {
            err.println("out of memory: choose smaller batches, pictures or parts of them\n" + noNativeMemory.get());
            return SURROUNDINGS;
        }
        Optional<String> noTemporaryFiles = noTemporaryFiles();
        if (noTemporaryFiles.isPresent()) {
            err.println(noTemporaryFiles.get());
            return SURROUNDINGS;
        }
        err.println(e + "\nThis is a defect of Lethe; please report it with what --debug shows.");
        return DEFECT;
    }

    /** The message; that of an error of the disk is often a path alone. */
    private static String said(Throwable e) {
        if (e instanceof FileSystemException disk && disk.getFile() != null) {
            return Storage.refused(Path.of(disk.getFile()), "cannot be used", disk)
                    .getMessage();
        }
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    /** What a native library asked for, where there was not enough memory for it. */
    private static Optional<String> noNativeMemory(Throwable e) {
        return Stream.iterate(e, Objects::nonNull, Throwable::getCause)
                .map(t -> String.valueOf(t.getMessage()))
                .filter(m -> m.contains("can't allocate memory") || m.contains("CUDA out of memory"))
                .map(m -> m.lines().findFirst().orElse(m))
                .findFirst();
    }

    private static int code(Throwable e) {
        return switch (e) {
            case LetheException known ->
                switch (known.code()) {
                    case STUDY -> MISTAKE;
                    case NUMERIC -> FAILED;
                    case DATA, STORAGE, NETWORK -> SURROUNDINGS;
                    case DEFECT -> DEFECT;
                };
            case IllegalArgumentException mistake -> MISTAKE;
            case IOException disk -> SURROUNDINGS;
            default -> DEFECT;
        };
    }

    /**
     * The problem with the folder for temporary files, if there is one; libraries that unpack themselves there do not
     * name it.
     */
    private static Optional<String> noTemporaryFiles() {
        try {
            Path probe = Files.createTempFile("lethe", null);
            try {
                Files.write(probe, new byte[1 << 16]);
            } finally {
                Files.delete(probe);
            }
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(System.getProperty("java.io.tmpdir") + ": the folder for temporary files cannot be"
                    + " written (" + e + "); LETHE_JVM=-Djava.io.tmpdir=FOLDER names another");
        }
    }

    /** The launcher filters what the JVM itself says on standard error, and hands the program an unfiltered copy. */
    private static void standardErrorOfTheLauncher() {
        String copy = System.getProperty("lethe.stderr");
        if (copy != null) {
            try {
                System.setErr(new PrintStream(new FileOutputStream(copy, true), true, StandardCharsets.UTF_8));
            } catch (IOException e) {
                System.err.println("cannot write to " + copy + ", using standard error: " + e.getMessage());
            }
        }
    }

    /** The version of the build. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Lethe.class.getPackage().getImplementationVersion();
            return new String[] {"lethe " + (version == null ? "(not packaged)" : version)};
        }
    }
}
