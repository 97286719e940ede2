package org.lethe.federated;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.lethe.Audit;
import org.lethe.DataSource;
import org.lethe.DoNothing;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.Tool;
import org.lethe.federated.balance.Accuracy;
import org.lethe.federated.balance.Afl;
import org.lethe.federated.balance.BalanceSites;
import org.lethe.federated.balance.Calibration;
import org.lethe.federated.balance.ClientSpread;
import org.lethe.federated.balance.FairFed;
import org.lethe.federated.balance.FedAvg;
import org.lethe.federated.balance.FedFb;
import org.lethe.federated.balance.FedGft;
import org.lethe.federated.balance.GroupFairness;
import org.lethe.federated.balance.LocalFb;
import org.lethe.federated.balance.LocalWb;
import org.lethe.federated.balance.QFfl;
import org.lethe.federated.balance.W2PostProcessing;
import org.lethe.federated.balance.WassFfed;
import org.lethe.federated.forget.ClientInfluence;
import org.lethe.federated.forget.Efficiency;
import org.lethe.federated.forget.FineTune;
import org.lethe.federated.forget.ForgetClients;
import org.lethe.federated.forget.Retrain;
import org.lethe.federated.forget.Sisa;
import org.lethe.federated.network.Certificates;
import org.lethe.federated.network.Join;
import org.lethe.federated.network.Serve;

/** The subject of classifiers that clients learn together: its catalogue of data, models, requests, methods and audits. */
public final class Federated implements Subject<Sites, Classifier> {
    @Override
    public String name() {
        return "federated";
    }

    @Override
    public List<DataSource<Sites>> data() {
        return List.of(
                new PlantedSites(),
                new Adult(),
                new Compas(),
                new German(),
                new Bank(),
                new LawSchool(),
                new Student(),
                new Communities(),
                new SiteFile());
    }

    @Override
    public List<Learner<Sites, Classifier>> models() {
        return List.of(new LogisticRegression(), new Mlp());
    }

    @Override
    public List<Request> requests() {
        return List.of(new BalanceSites(), new ForgetClients());
    }

    @Override
    public List<Method<Sites, Classifier>> methods() {
        return List.of(
                new FedAvg(),
                new WassFfed(),
                new W2PostProcessing(),
                new Afl(),
                new QFfl(),
                new FairFed(),
                new FedFb(),
                new FedGft(),
                new LocalWb(),
                new LocalFb(),
                new Retrain(),
                new Sisa(),
                new FineTune());
    }

    @Override
    public List<Audit<Sites, Classifier>> audits() {
        return List.of(
                new GroupFairness(),
                new Accuracy(),
                new ClientSpread(),
                new Calibration(),
                new ClientInfluence(),
                new Efficiency());
    }

    @Override
    public List<Tool<?>> tools() {
        return List.of(new Serve(), new Join(), new Certificates());
    }

    @Override
    public Method<Sites, Classifier> reference(Request request) {
        return request instanceof ForgetClients ? new Retrain() : new DoNothing<>();
    }

    @Override
    public Sites remaining(Request request, Sites data) {
        return request instanceof ForgetClients forget ? forget.resolve(data).remaining() : data;
    }

    @Override
    public void save(Classifier model, Map<String, String> provenance, Path file) throws IOException {
        model.save(file, provenance);
    }

    @Override
    public Classifier load(Path file) throws IOException {
        return Classifier.load(file);
    }
}
