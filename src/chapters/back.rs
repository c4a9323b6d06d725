/// `‖∂L/∂s_0‖` of a state `s` of one layer after so many steps of random input,
/// where `∂L/∂s_T` is 1 in its first unit and 0 elsewhere.
fn back(
    layer: recurrent::network::RecurrentSpec,
    init: recurrent::init::Init,
    state: &str,
    steps: usize,
) -> recurrent::Result<f64> {
    use recurrent::network::{Config, Cotangents};
    use recurrent::{Batch, Direction, Network, Workspace, optim::norm, rng::Rng};

    let width = layer.hidden;
    let network = Network::<f64>::new(&Config::features(width).recurrent(layer).init(init), 1)?;
    let mut rng = Rng::seed(2);
    let x: Vec<f64> = (0..steps * width).map(|_| rng.normal()).collect();
    let (mut workspace, mut gradients) = (Workspace::new(), network.gradients()?);
    let batch = Batch::features(&x, [steps, 1, width])?;
    network.forward(&mut workspace, &batch, &mut network.state(1)?)?;
    let mut d = network.state(1)?;
    d.get_mut(0, Direction::Forward, state)?.row_mut(0)[0] = 1.0;
    let cotangents = Cotangents { output: None, state: Some(&d) };
    network.backward(&mut workspace, cotangents, &mut gradients)?;
    Ok(norm(workspace.d_state()?.get(0, Direction::Forward, state)?.row(0).iter().copied()))
}
