package org.lethe.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lethe.Audit;
import org.lethe.Chain;
import org.lethe.DoNothing;
import org.lethe.Learner;
import org.lethe.Legs;
import org.lethe.Method;
import org.lethe.Request;

/**
 * The models, requests, methods and audits of a study that fit together. Other pairs are left out, with the reason.
 *
 * @param places one for each model and request that fit, in the order of the cells: the controls, then the methods
 * @param leftOut each pair once
 * @param refused entries of the study that fit nothing in it, with the reasons
 */
record Product<D, M>(List<List<Row<D, M>>> places, List<LeftOut> leftOut, Map<Object, String> refused) {
    /** A combination that becomes one cell for each data set and seed. */
    record Row<D, M>(
            Learner<D, M> model,
            Request request,
            Legs<D, M> method,
            Legs<D, M> reference,
            Run.Role role,
            List<Audit<D, M>> audits) {}

    static <D, M> Product<D, M> of(Study<D, M> study) {
        Made<D, M> made = new Made<>(study);
        for (Learner<D, M> model : study.models()) {
            for (Request request : study.requests()) {
                made.add(model, request);
            }
        }
        return made.product();
    }

    /** A product in the making. */
    private static final class Made<D, M> {
        private final Study<D, M> study;
        private final List<List<Row<D, M>>> places = new ArrayList<>();
        private final Set<LeftOut> leftOut = new LinkedHashSet<>();
        private final Map<Object, Set<String>> reasons = new LinkedHashMap<>();
        private final Set<Object> used = new LinkedHashSet<>();
        private final Map<Request, String> hints = new LinkedHashMap<>();

        Made(Study<D, M> study) {
            this.study = study;
        }

        void add(Learner<D, M> model, Request request) {
            List<Legs<D, M>> fitting = new ArrayList<>();
            for (Legs<D, M> method : study.methods()) {
                Optional<String> why = method.unsuited(request, model);
                if (why.isPresent()) {
                    reason(why.get(), model, request, method);
                    leaveOut(study.brief(model), request, method, "", why.get());
                } else {
                    fitting.add(method);
                }
            }
            if (fitting.isEmpty()) {
                if (request instanceof Chain chain
                        && study.methods().stream().allMatch(m -> m.methods().size() == 1)) {
                    hints.putIfAbsent(chain, perStep(chain, model));
                }
                return;
            }
            Legs<D, M> reference = Legs.reference(study.subject(), request);
            Map<Legs<D, M>, Run.Role> roles = new LinkedHashMap<>();
            roles.put(Legs.of(new DoNothing<>()), Run.Role.DO_NOTHING);
            if (!reference.doNothing()) {
                roles.put(reference, Run.Role.REFERENCE);
            }
            if (!(request instanceof Chain)) {
                for (Method<D, M> rejected : study.subject().rejected(request)) {
                    roles.putIfAbsent(Legs.of(rejected), Run.Role.REJECTED);
                }
            }
            fitting.forEach(method -> roles.putIfAbsent(method, Run.Role.TESTED));
            List<Row<D, M>> here = new ArrayList<>();
            boolean measured = false;
            for (var entry : roles.entrySet()) {
                Row<D, M> row = row(model, request, entry.getKey(), reference, entry.getValue());
                boolean asked = study.methods().contains(row.method());
                if (row.audits().isEmpty() && asked) {
                    String why = "no audit of the study has anything to measure here";
                    reason(why, model, request, row.method());
                    leaveOut(study.brief(model), request, row.method(), "", why);
                } else if (!row.audits().isEmpty()) {
                    here.add(row);
                    if (asked) {
                        measured = true;
                        used.add(row.method());
                    }
                }
            }
            if (measured) {
                places.add(List.copyOf(here));
                used.add(model);
                used.add(request);
                here.forEach(row -> used.addAll(row.audits()));
            }
        }

        /** How the study would write one method for each step: the first of its methods that suits the step. */
        private String perStep(Chain chain, Learner<D, M> model) {
            List<String> legs = chain.steps().stream()
                    .map(step -> study.methods().stream()
                            .filter(method -> method.unsuited(step, model).isEmpty())
                            .findFirst()
                            .map(method -> Words.item(study.brief(method)))
                            .orElse("…"))
                    .toList();
            return "the request is a chain of " + legs.size() + "; a method for each step is written [["
                    + String.join(", ", legs) + "]]";
        }

        private Row<D, M> row(
                Learner<D, M> model, Request request, Legs<D, M> method, Legs<D, M> reference, Run.Role role) {
            List<Audit<D, M>> audits = new ArrayList<>();
            for (Audit<D, M> audit : study.audits()) {
                Optional<String> why = unsuited(audit, request, method, role);
                if (why.isEmpty()) {
                    audits.add(audit);
                } else if (study.methods().contains(method)) {
                    reason(why.get(), audit);
                    leaveOut("", request, method, study.brief(audit), why.get());
                }
            }
            return new Row<>(model, request, method, reference, role, List.copyOf(audits));
        }

        /**
         * The reason why an audit measures nothing here: it suits no step of the request. The reference of a chain is
         * judged only by audits of the steps that it carries out: a model retrained but not hidden is no reference for
         * hiding.
         */
        private Optional<String> unsuited(Audit<D, M> audit, Request request, Legs<D, M> method, Run.Role role) {
            List<Request> steps = Chain.steps(request);
            Set<String> whys = new LinkedHashSet<>();
            for (int n = 0; n < steps.size(); n++) {
                Method<D, M> leg = method.at(n);
                Optional<String> why = role == Run.Role.REFERENCE && leg instanceof DoNothing
                        ? Optional.of("the reference does not carry out this step")
                        : audit.unsuited(steps.get(n), leg);
                if (why.isEmpty()) {
                    return why;
                }
                whys.add(why.get());
            }
            return Optional.of(String.join("; ", whys));
        }

        private void leaveOut(String model, Request request, Legs<D, M> method, String audit, String why) {
            leftOut.add(new LeftOut(model, study.brief(request), study.brief(method), audit, why));
        }

        private void reason(String why, Object... entries) {
            for (Object entry : entries) {
                reasons.computeIfAbsent(entry, e -> new LinkedHashSet<>()).add(why);
            }
        }

        Product<D, M> product() {
            Map<Object, String> refused = new LinkedHashMap<>();
            boolean unmeasured = reasons.keySet().stream().anyMatch(Audit.class::isInstance);
            reasons.forEach((entry, whys) -> {
                // where nothing fits at all, audits with nothing to measure say why, else the methods
                boolean mute =
                        places.isEmpty() && !(entry instanceof Audit) && (unmeasured || !(entry instanceof Legs));
                if (!used.contains(entry) && !mute) {
                    refused.put(entry, String.join("; ", whys));
                }
            });
            hints.forEach((request, hint) -> {
                if (!used.contains(request)) {
                    refused.merge(request, hint, (why, more) -> why + "; " + more);
                }
            });
            return new Product<>(List.copyOf(places), List.copyOf(leftOut), refused);
        }
    }
}
