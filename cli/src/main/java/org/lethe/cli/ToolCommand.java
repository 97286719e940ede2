package org.lethe.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lethe.Env;
import org.lethe.Progress;
import org.lethe.Tool;
import org.lethe.Workers;
import org.lethe.study.Options;
import org.lethe.study.Tools;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/** Runs any tool: its options and its help come from its record. */
@Command(mixinStandardHelpOptions = true, sortOptions = false)
final class ToolCommand implements Callable<Integer> {
    private static final int OWN = -2; // what picocli has by default is -1

    private final Tool<?> prototype;
    private final CommandSpec spec;

    @Mixin
    private final JsonOption json = new JsonOption();

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Option(names = "--seed", description = "Seed of all random draws; ${DEFAULT-VALUE} by default.")
    private long seed = 1;

    private ToolCommand(Tools.Listed listed) {
        prototype = listed.prototype();
        spec = CommandSpec.forAnnotatedObject(this);
        spec.usageMessage().description(escaped(listed.sentence()));
        int at = 0;
        for (Options.Option option : Options.of(prototype)) {
            switch (option.place()) {
                case ARGUMENT ->
                    spec.addPositional(PositionalParamSpec.builder()
                            .paramLabel(option.name())
                            .index(String.valueOf(at++))
                            .arity("1")
                            .type(String.class)
                            .description(described(option))
                            .build());
                case ARGUMENTS ->
                    spec.addPositional(PositionalParamSpec.builder()
                            .paramLabel(option.name())
                            .index(at++ + "..*")
                            .arity("1..*")
                            .type(List.class)
                            .auxiliaryTypes(String.class)
                            .required(true)
                            .description(described(option))
                            .build());
                case REQUIRED, OPTIONAL ->
                    spec.addOption(named(option)
                            .arity("1")
                            .type(String.class)
                            .required(option.required() && option.formerly().isEmpty()) // the tool says so itself
                            .build());
                case FLAG ->
                    spec.addOption(
                            named(option).arity("0..1").type(boolean.class).build());
            }
            for (String old : option.formerly()) {
                boolean flag = option.place() == Options.Place.FLAG;
                spec.addOption(OptionSpec.builder(old)
                        .hidden(true)
                        .arity(flag ? "0..1" : "1")
                        .type(flag ? boolean.class : String.class)
                        .build());
            }
        }
        without(Tool.Need.SEED, "--seed");
        without(Tool.Need.WORKERS, "--workers");
        without(Tool.Need.DEVICE, "--device");
        if (prototype instanceof Tool.Reporting<?>) {
            spec.addOption(OptionSpec.builder("--out")
                    .paramLabel("<out>")
                    .type(Path.class)
                    .description("Folder for the report; without it no report is written.")
                    .build());
        }
    }

    /** Takes out an option that the tool would ignore. */
    private void without(Tool.Need need, String option) {
        if (!prototype.needs().contains(need)) {
            spec.remove(spec.findOption(option));
        }
    }

    /** The tool's own options stand before those of every tool. */
    private static OptionSpec.Builder named(Options.Option option) {
        return OptionSpec.builder(option.name())
                .paramLabel("<" + option.name().substring(2) + ">")
                .description(described(option))
                .order(OWN);
    }

    private static String described(Options.Option option) {
        StringBuilder text = new StringBuilder(option.text());
        if (!text.isEmpty()) {
            text.setCharAt(0, Character.toUpperCase(text.charAt(0)));
        }
        if (option.type().contains(" | ")) {
            text.append(": ").append(option.type());
        }
        if (!option.standard().isEmpty() && option.place() != Options.Place.FLAG) {
            text.append("; ").append(option.standard()).append(" by default");
        }
        return escaped(text.append('.').toString());
    }

    private static String escaped(String text) {
        return text.replace("%", "%%").replace("$", "$$");
    }

    /**
     * Adds the tools to a command. Only a tool that {@code arguments} name, or whose completion they ask for, is
     * loaded; for the others help needs only their sentence.
     */
    static void add(CommandSpec to, List<Tools.Listed> tools, List<String> arguments) {
        List<String> words = arguments.stream().filter(a -> !a.startsWith("-")).toList();
        boolean all = words.contains("generate-completion");
        Map<String, CommandSpec> groups = new LinkedHashMap<>();
        Map<String, List<String>> sentences = new LinkedHashMap<>();
        for (Tools.Listed tool : tools) {
            List<String> names = List.of(tool.words().split(" "));
            boolean named = words.size() >= names.size()
                    && words.subList(0, names.size()).equals(names);
            CommandSpec spec = all || named
                    ? new ToolCommand(tool).spec
                    : CommandSpec.create().mixinStandardHelpOptions(true);
            spec.usageMessage().description(escaped(tool.sentence()));
            if (names.size() == 1) {
                to.addSubcommand(names.getFirst(), spec);
                continue;
            }
            groups.computeIfAbsent(names.getFirst(), n -> CommandSpec.create().mixinStandardHelpOptions(true))
                    .addSubcommand(String.join("-", names.subList(1, names.size())), spec);
            sentences.computeIfAbsent(names.getFirst(), n -> new ArrayList<>()).add(tool.sentence());
        }
        groups.forEach((name, group) -> {
            List<String> what = sentences.getOrDefault(name, List.of());
            group.usageMessage()
                    .synopsisSubcommandLabel("COMMAND")
                    .description(escaped(
                            what.size() == 1
                                    ? what.getFirst()
                                    : String.join(", ", group.subcommands().keySet()) + "."));
            to.addSubcommand(name, group);
        });
    }

    @Override
    public Integer call() throws IOException {
        Map<String, List<String>> given = new LinkedHashMap<>();
        ParseResult typed = spec.commandLine().getParseResult();
        typed.matchedOptions().forEach(o -> given.put(o.longestName(), texts(o)));
        typed.matchedPositionals().forEach(p -> given.put(p.paramLabel(), texts(p)));
        return run(Options.bind(prototype, given, spec.commandLine().getErr()::println));
    }

    private static List<String> texts(ArgSpec argument) {
        Object value = argument.getValue();
        return value instanceof List<?> texts
                ? texts.stream().map(String::valueOf).toList()
                : List.of(String.valueOf(value));
    }

    private <R extends Record & Tool.Result> int run(Tool<R> tool) throws IOException {
        Progress progress = compute.progress();
        try (Workers workers = compute.workers();
                Progress.Step _ = progress.meanwhile(spec.qualifiedName())) {
            Env env = Env.seeded(seed).with(workers).with(progress).with(compute.device());
            Path out = spec.commandLine().getParseResult().matchedOptionValue("--out", null);
            R result = out != null && tool instanceof Tool.Reporting<R> reporting
                    ? reporting.report(env, out)
                    : tool.run(env);
            Map<String, Object> facts = new LinkedHashMap<>(result.facts());
            List<String> written =
                    out == null ? List.of() : List.of(out.resolve("report.html").toString());
            written.forEach(report -> facts.put("report", report));
            json.print(spec, facts, () -> {
                result.print(spec.commandLine().getOut());
                written.forEach(spec.commandLine().getOut()::println);
            });
        }
        return Lethe.DONE;
    }
}
